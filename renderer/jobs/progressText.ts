/** The progress of a job in one line. Pure. */
import type { JobState, Progress } from "../../core/contract/workbench/runs.ts";
import { formatCount, formatSignificant } from "../format/numbers.ts";
import { formatRate, formatTimeLeft } from "../format/time.ts";
import { isLive } from "../stores/lists.ts";
import { text } from "../text/en.ts";

/**
 * The line under the bar: `124 of 400 interactions · 3.1 interactions/s · 2 min left · 812 tokens/s`.
 * @param props.waitsFor the job before it, in words
 */
export function progressText(props: {
  readonly progress: Progress | null;
  readonly state: JobState;
  readonly waitsFor: string | null;
  /** The same of the phase that it is in. */
  readonly phaseWaitsFor?: string | null;
}): string {
  const { progress, state, waitsFor } = props;
  const words = text.progress;
  if (state === "waiting") return waitsFor === null ? words.waits : words.waitsFor(waitsFor);
  if (progress === null) return text.states[state];
  const { phase, loss, tokensPerSecond, note } = progress;
  return [
    ...(phase === undefined ? [] : [words.phase(phase.number, phase.of, text.home.stations[phase.station])]),
    ...(props.phaseWaitsFor ? [words.waitsFor(props.phaseWaitsFor)] : countParts(progress)),
    ...(props.phaseWaitsFor ? [] : state === "running" ? timeParts(progress) : [text.states[state]]),
    ...(loss === undefined ? [] : [words.lossOfStep(formatSignificant(loss))]),
    // How fast it was, and what was being done beside it, is over when it ended.
    ...(tokensPerSecond === undefined || !isLive(state) ? [] : [formatRate(tokensPerSecond, text.units.tokens ?? "")]),
    ...(note === undefined || !isLive(state) ? [] : [note]),
  ].join(" · ");
}

/** A phase that counts nothing has its name alone. */
function countParts({ done, total, unit, phase }: Progress): string[] {
  const units = text.units[unit] ?? unit;
  if (total !== null) return [text.progress.of(formatCount(done), formatCount(total), units)];
  return phase === undefined ? [`${formatCount(done)} ${units}`] : [];
}

function timeParts({ total, unit, rate, secondsLeft, phase }: Progress): string[] {
  const { estimating, left, phaseLeft } = text.progress;
  const time = formatTimeLeft(secondsLeft);
  const speed = rate === null ? [] : [formatRate(rate, text.units[unit] ?? unit)];
  if (secondsLeft !== null) return [...speed, (phase === undefined ? left : phaseLeft)(time)];
  return total === null && phase !== undefined ? speed : [...speed, estimating];
}
