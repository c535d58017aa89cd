/** The best point of an evaluation curve, and when a run ends there. Pure. */
import type { AlignConfig } from "../contract/alignment.ts";
import type { EvaluationPoint } from "./alignmentCheckpoint.ts";

type Settings = AlignConfig["earlyStop"];

/** The earliest point of least loss; undefined where no point is better than step 0, the base. */
export function bestPoint(points: readonly EvaluationPoint[]): EvaluationPoint | undefined {
  const [first, ...others] = points;
  if (first === undefined) return undefined;
  const best = others.reduce((least, point) => (point.loss < least.loss ? point : least), first);
  return best.step === 0 ? undefined : best;
}

/** Whether the last `patience` points are all no better than the best before them, the base included. */
export function hasStalled(points: readonly EvaluationPoint[], { patience, minimumGain }: Settings): boolean {
  if (patience === 0) return false;
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  for (const { loss } of points) {
    if (loss < best - minimumGain) [best, waited] = [loss, 0];
    else waited++;
  }
  return waited >= patience;
}
