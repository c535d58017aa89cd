import { X } from "lucide-react";
import { useState } from "react";
import type { AnnotationChange, Dialogue } from "../../../core/contract/workbench/dialogues.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { TextInput } from "../../components/fields.tsx";
import { text } from "../../text/en.ts";

const words = text.dialogues.tagDialog;

export function TagDialog(props: {
  readonly dialogue: Dialogue;
  readonly onChange: (change: AnnotationChange) => void;
  readonly onClose: () => void;
}) {
  const { client } = useWorkbench();
  const known = useRequest(() => client.dialogues.tags(), []);
  const [tag, setTag] = useState("");
  const { tags } = props.dialogue.annotations;
  const add = (name: string) => {
    if (name.trim() === "") return;
    props.onChange({ kind: "tag", tag: name.trim(), present: true });
    props.onClose();
  };
  return (
    <Dialog title={words.title} open onClose={props.onClose} width={400}>
      <div className="tag-dialog">
        {tags.length === 0 ? null : (
          <ul className="tag-list">
            {tags.map((name) => (
              <li key={name} className="badge">
                {name}
                <Button
                  small
                  look="quiet"
                  icon={<X size={11} />}
                  hint={words.remove(name)}
                  onPress={() => props.onChange({ kind: "tag", tag: name, present: false })}
                />
              </li>
            ))}
          </ul>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            add(tag);
          }}
        >
          <TextInput
            label={words.add}
            autoFocus
            value={tag}
            onChange={setTag}
            after={
              <Button type="submit" isDisabled={tag.trim() === ""}>
                {words.addButton}
              </Button>
            }
          />
        </form>
        {known.data === null || known.data.length === 0 ? null : (
          <div>
            <span className="field-label">{words.known}</span>
            <div className="tag-list">
              {known.data
                .filter((one) => !tags.includes(one.tag))
                .slice(0, 20)
                .map((one) => (
                  <Button key={one.tag} small onPress={() => add(one.tag)}>
                    {one.tag}
                  </Button>
                ))}
            </div>
          </div>
        )}
      </div>
    </Dialog>
  );
}
