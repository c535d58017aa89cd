import type { JobState, Progress } from "../../core/contract/workbench/runs.ts";
import { formatCount, formatShare } from "../format/numbers.ts";
import { formatRate, formatTimeLeft } from "../format/time.ts";
import { text } from "../text/en.ts";
import "./ProgressLine.css";

/** How far a job is: bar, count, rate, time left. Says for what it waits when it does not move. */
export function ProgressLine(props: {
  readonly progress: Progress | null;
  readonly state: JobState;
  readonly waitsFor?: string | null;
  /** Only the bar and the share, for narrow places. */
  readonly short?: boolean;
  readonly label: string;
}) {
  const { progress, state } = props;
  const share = progress?.total ? Math.min(1, progress.done / progress.total) : null;
  const indefinite = share === null && state === "running";
  const bar = (
    <div
      className={`progress-bar ${state}${indefinite ? " indefinite" : ""}`}
      role="progressbar"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share === null ? {} : { "aria-valuenow": Math.round(share * 100) })}
      aria-valuetext={progressText(props)}
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
      <p className="progress-text numeric">{progressText(props)}</p>
    </div>
  );
}

/** The line under the bar: `124 of 400 interactions · 3.1 interactions/s · 2 min left · loss 2.13`. */
export function progressText(props: {
  readonly progress: Progress | null;
  readonly state: JobState;
  readonly waitsFor?: string | null;
}): string {
  const { progress, state, waitsFor } = props;
  if (state === "waiting") return waitsFor ? text.progress.waitsFor(waitsFor) : text.progress.waits;
  if (progress === null) return text.states[state];
  const unit = text.units[progress.unit] ?? progress.unit;
  const count =
    progress.total === null
      ? `${formatCount(progress.done)} ${unit}`
      : text.progress.of(formatCount(progress.done), formatCount(progress.total), unit);
  const parts = [count];
  if (state === "running") {
    if (progress.rate !== null) parts.push(formatRate(progress.rate, unit));
    parts.push(
      progress.secondsLeft === null
        ? text.progress.estimating
        : text.progress.left(formatTimeLeft(progress.secondsLeft)),
    );
  } else parts.push(text.states[state]);
  if (progress.note !== undefined) parts.push(progress.note);
  return parts.join(" · ");
}
