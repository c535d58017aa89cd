import type { ExportCheckpoint } from "../../../core/contract/jobs.ts";
import type { CheckpointEntry } from "../../../core/contract/workbench/align.ts";
import { Segmented } from "../../components/choices.tsx";
import { formatCount, formatSignificant } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const words = text.exports.setup;

export interface OfferedCheckpoints {
  /** Null while the run has none. */
  readonly last: CheckpointEntry | null;
  /** Null where it is the last, or not known. */
  readonly best: CheckpointEntry | null;
}

/** @param entries newest first, the best behind them where it is none of them */
export function checkpointsToExport(entries: readonly CheckpointEntry[]): OfferedCheckpoints {
  const last = entries[0] ?? null;
  const best = entries.find((entry) => entry.best) ?? null;
  return { last, best: best === last ? null : best };
}

/** A choice where there are two, else what there is. */
export function CheckpointChoice(props: {
  readonly offered: OfferedCheckpoints;
  readonly value: ExportCheckpoint;
  readonly onChange: (checkpoint: ExportCheckpoint) => void;
}) {
  const { last, best } = props.offered;
  if (best === null)
    return (
      <div className="field">
        <span className="field-label">{words.checkpoint}</span>
        <p>{last === null ? words.noCheckpoint : (last.best ? words.bothText : words.noBest)(factOf(last))}</p>
      </div>
    );
  const chosen = props.value === "best" ? best : (last ?? best);
  return (
    <Segmented
      label={words.checkpoint}
      explanation={factOf(chosen)}
      value={props.value}
      onChange={props.onChange}
      choices={(["last", "best"] as const).map((id) => ({ id, name: words.checkpoints[id] }))}
    />
  );
}

function factOf({ step, evaluationLoss }: CheckpointEntry): string {
  return words.checkpointText(formatCount(step), evaluationLoss === null ? null : formatSignificant(evaluationLoss));
}
