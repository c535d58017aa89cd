/** What the form of an alignment has beside its described fields: the data, and the dial that derives the rest. */
import { Plus } from "lucide-react";
import { type Effort, efforts } from "../../../core/contract/alignment.ts";
import { go, useRequest, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented, SelectInput } from "../../components/choices.tsx";
import { PathInput } from "../../components/PathInput.tsx";
import { formatCount } from "../../format/numbers.ts";
import type { SettingsForm } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.align.setup;

/** @param effort null while the settings are those of another run */
export function EffortDial(props: { readonly effort: Effort | null; readonly onEffort: (effort: Effort) => void }) {
  return (
    <Segmented<string>
      label={words.effort}
      explanation={words.effortText}
      value={props.effort ?? ""}
      onChange={(id) => props.onEffort(id as Effort)}
      choices={efforts.map((id) => ({ id, name: words.efforts[id] }))}
    />
  );
}

/** A set of the workspace by name; another file by its path. */
export function DataField({ form }: { readonly form: SettingsForm }) {
  const { client } = useWorkbench();
  const sets = useRequest(() => client.data.list(), []);
  const path = form.text("data");
  const known = sets.data?.find((set) => set.path === path);
  if (sets.data === null) return null;
  const none = sets.data.length === 0;
  return (
    <>
      {none ? null : (
        <SelectInput
          label={words.data}
          value={known?.path ?? "other"}
          onChange={(value) => form.set("data", value === "other" ? "" : value)}
          choices={[
            ...sets.data.map((set) => ({ id: set.path, name: set.name, note: formatCount(set.rows) })),
            { id: "other", name: words.otherFile },
          ]}
          problem={known === undefined ? undefined : form.problem("data")}
          {...(known === undefined ? {} : { setting: "data" })}
        />
      )}
      {known !== undefined ? null : (
        <PathInput
          label={none ? words.data : words.otherFile}
          explanation={words.dataText}
          value={path}
          onChange={(value) => form.set("data", value)}
          problem={form.problem("data")}
          setting="data"
          request={{ title: words.data, kind: "file", endings: ["jsonl", "json"], remember: "data" }}
        />
      )}
      {none ? (
        <div className="form-add">
          <Button small look="quiet" icon={<Plus size={12} />} onPress={() => go("data", "new")}>
            {words.dataNone}
          </Button>
        </div>
      ) : null}
    </>
  );
}
