import type { RunSummary } from "../../core/contract/workbench/runs.ts";
import { text } from "../text/en.ts";
import { SelectInput } from "./choices.tsx";
import "./RunSelect.css";

/** Which run is looked at; with `all`, also every run (value `*`). */
export function RunSelect(props: {
  readonly label: string;
  readonly runs: readonly RunSummary[];
  readonly value: string | null;
  readonly onChange: (run: string) => void;
  readonly all?: string;
}) {
  return (
    <div className="run-select">
      <SelectInput
        bare
        label={props.label}
        placeholder={props.label}
        value={props.value}
        onChange={props.onChange}
        choices={[
          ...(props.all === undefined ? [] : [{ id: "*", name: props.all }]),
          ...props.runs.map((run) => ({
            id: run.run,
            name: run.name,
            note: `${text.states[run.state]} · ${run.headline}`,
          })),
        ]}
      />
    </div>
  );
}
