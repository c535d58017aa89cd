/** The best point of an evaluation curve, and when a run ends there. Pure. */
import type { AlignConfig } from "../contract/alignment.ts";
import type { EvaluationPoint } from "./alignmentCheckpoint.ts";

type Settings = AlignConfig["earlyStop"];

/** The earliest point of least loss after the first step; undefined before there is one. Step 0 is the base. */
export function bestPoint(points: readonly EvaluationPoint[]): EvaluationPoint | undefined {
  return trained(points).reduce<EvaluationPoint | undefined>(
    (best, point) => (best === undefined || point.loss < best.loss ? point : best),
    undefined,
  );
}

/** Whether the last `patience` points are all no better than the best before them. */
export function hasStalled(points: readonly EvaluationPoint[], { patience, minimumGain }: Settings): boolean {
  if (patience === 0) return false;
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  for (const { loss } of trained(points)) {
    if (loss < best - minimumGain) [best, waited] = [loss, 0];
    else waited++;
  }
  return waited >= patience;
}

function trained(points: readonly EvaluationPoint[]): readonly EvaluationPoint[] {
  return points.filter(({ step }) => step > 0);
}
