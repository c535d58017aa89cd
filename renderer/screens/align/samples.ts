/** Looks of a training at its own answers, as the list shows them. Pure. */
import type { SampleLine } from "../../../core/contract/alignment.ts";

/** Looks shown at first, and with each wish for earlier ones: a diff costs about a millisecond. */
export const looksAtOnce = 12;

export interface Look {
  readonly step: number;
  /** Held-out loss at that step; null where the curve has no point there. */
  readonly heldOut: number | null;
  /** Those that are shown, with the number of their prompt from 0. */
  readonly samples: readonly (SampleLine["samples"][number] & { readonly prompt: string; readonly number: number })[];
  /** Tuned answers that are not the base's, of all prompts. */
  readonly changed: number;
  readonly all: number;
}

/** Newest first. `prompt`: the number of the only one that is shown; null = all. */
export function looksOf(
  lines: readonly SampleLine[],
  evaluations: readonly { readonly step: number; readonly loss: number }[],
  prompt: number | null,
): Look[] {
  const losses = new Map(evaluations.map(({ step, loss }) => [step, loss]));
  return lines.toReversed().map(({ step, samples }) => ({
    step,
    heldOut: losses.get(step) ?? null,
    samples: samples
      .map((sample, number) => ({ ...sample, number }))
      .filter(({ number }) => prompt === null || number === prompt),
    changed: samples.filter(({ base, tuned }) => tuned !== null && tuned !== base).length,
    all: samples.length,
  }));
}

/**
 * Changes when there may be a look that is not known: the one at step n is on the disk when its texts are done, at the
 * latest when step n + 1 is.
 */
export function looksTaken(step: number, stage: string | null, every: number): string {
  return `${Math.floor((step - 1) / every)} ${stage === "samples"}`;
}
