import { CircleCheck, CircleSlash, Download, MoreHorizontal, Tag } from "lucide-react";
import { useState } from "react";
import type { AnnotationChange, DialogueFilter, DialogueSort } from "../../../core/contract/workbench/dialogues.ts";
import { useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { TextInput } from "../../components/fields.tsx";
import { MenuButton } from "../../components/MenuButton.tsx";
import { usePick } from "../../components/usePick.tsx";
import { formatCount } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.dialogues;

/** What can be done with everything under the filter: counted, confirmed, and taken back at once. */
export function ListMenu(props: {
  readonly filter: DialogueFilter;
  readonly sort: DialogueSort;
  readonly total: number;
  readonly onDone: () => void;
}) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const { filter, sort, total } = props;
  const { pick, picker } = usePick();
  const [asked, setAsked] = useState<"exclude" | "include" | "tag" | null>(null);
  const [tag, setTag] = useState("");
  const annotate = async (change: AnnotationChange) => {
    setAsked(null);
    await workbench.attemptUndoable(() => client.dialogues.annotate({ change, targets: { filter } }));
    props.onDone();
  };
  const save = async () => {
    const path = await pick({
      title: words.bulk.export,
      kind: "save",
      endings: ["jsonl"],
      remember: "exports",
      name: "dialogues.jsonl",
    });
    if (path === null) return;
    const done = await workbench.attempt(() => client.dialogues.export({ filter, sort, path }));
    if (done !== null) workbench.toasts.say(words.bulk.exported(formatCount(done.interactions), done.path));
  };
  const confirm = () => {
    if (asked === "tag") void annotate({ kind: "tag", tag: tag.trim(), present: true });
    else void annotate({ kind: "exclude", excluded: asked === "exclude" });
  };
  return (
    <>
      <MenuButton
        small
        icon={<MoreHorizontal size={14} />}
        hint={words.bulk.title}
        isDisabled={total === 0}
        entries={[
          {
            id: "exclude",
            name: words.bulk.exclude,
            icon: <CircleSlash size={14} />,
            onAction: () => setAsked("exclude"),
          },
          {
            id: "include",
            name: words.bulk.include,
            icon: <CircleCheck size={14} />,
            onAction: () => setAsked("include"),
          },
          { id: "tag", name: words.bulk.tag, icon: <Tag size={14} />, onAction: () => setAsked("tag") },
          { id: "export", name: words.bulk.export, icon: <Download size={14} />, onAction: () => void save() },
        ]}
      />
      {picker}
      {asked === null ? null : (
        <Dialog
          alert
          open
          title={
            asked === "tag" ? words.bulk.tag : asked === "exclude" ? words.bulk.excludeTitle : words.bulk.includeTitle
          }
          onClose={() => setAsked(null)}
          actions={
            <>
              <Button onPress={() => setAsked(null)}>{text.actions.cancel}</Button>
              <Button look="primary" onPress={confirm} isDisabled={asked === "tag" && tag.trim() === ""}>
                {asked === "tag"
                  ? words.actions.tag
                  : asked === "exclude"
                    ? words.actions.exclude
                    : words.actions.include}
              </Button>
            </>
          }
        >
          <p>{words.bulk.sure(formatCount(total))}</p>
          {asked === "tag" ? <TextInput label={words.tag} value={tag} onChange={setTag} /> : null}
        </Dialog>
      )}
    </>
  );
}
