import { type JobState, type Progress, shareDone } from "../../core/contract/workbench/runs.ts";
import { useLists } from "../app/hooks.ts";
import { formatShare } from "../format/numbers.ts";
import { progressText } from "../jobs/progressText.ts";
import { nameOfJob } from "../stores/lists.ts";
import { text } from "../text/en.ts";
import "./ProgressLine.css";

/** How far a job is: bar, count, rate, time left. Says for what it waits when it does not move. */
export function ProgressLine(props: {
  readonly progress: Progress | null;
  readonly state: JobState;
  /** Job before it. */
  readonly waitsFor: string | null;
  /** Only the bar and the share, for narrow places. */
  readonly short?: boolean;
  readonly label: string;
}) {
  const { progress, state } = props;
  const waitsFor = useLists((lists) => nameOfJob(lists, props.waitsFor));
  const phaseWaitsFor = useLists((lists) => nameOfJob(lists, progress?.phase?.waitsFor ?? null));
  const said = progressText({ progress, state, waitsFor, phaseWaitsFor });
  const share = progress === null ? null : shareDone(progress);
  const indefinite = share === null && state === "running";
  const bar = (
    <div
      className={`progress-bar ${state}${indefinite ? " indefinite" : ""}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share === null ? {} : { "aria-valuenow": Math.round(share * 100) })}
      aria-valuetext={said}
    >
      <span style={{ transform: `scaleX(${share ?? 0})` }} />
    </div>
  );
  if (props.short)
    return (
      <div className="progress-line short">
        {bar}
        <span className="numeric fine">{share === null ? text.states[state] : formatShare(share)}</span>
      </div>
    );
  return (
    <div className="progress-line">
      {bar}
      <p className="progress-text numeric">{said}</p>
    </div>
  );
}
