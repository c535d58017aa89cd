/** When a run is stopped because its numbers went astray. */
import { FolkmootError } from "../contract/errors.ts";

/** Steps whose mean loss is the measure of "normal". */
const baselineSteps = 10;
/**
 * A step may cost this many times the baseline. Single questions of a noisy data set reach two to three times the
 * mean; a learning rate that is too high passes ten within a few steps and never comes back.
 */
const explosionFactor = 10;
/** Nats per token below which a baseline is too small to multiply (an almost perfect start). */
const smallestBaseline = 1;

/**
 * @param losses of the steps before, from step 1
 * @throws training-diverged when `loss` or `gradNorm` is not finite, or when the loss exploded
 */
export function checkDivergence(
  step: number,
  loss: number,
  gradNorm: number,
  losses: readonly number[],
  lastCheckpoint: number | null,
): void {
  const first = losses.slice(0, baselineSteps);
  const baseline = first.reduce((sum, value) => sum + value, 0) / Math.max(1, first.length);
  const limit = explosionFactor * Math.max(smallestBaseline, Math.abs(baseline));
  const finite = Number.isFinite(loss) && Number.isFinite(gradNorm);
  if (finite && (first.length === 0 || loss <= limit)) return;
  const what = finite
    ? `the loss is ${loss.toPrecision(4)}, more than ${explosionFactor} times what it was at the start`
    : `the ${Number.isFinite(loss) ? "gradient" : "loss"} is not a finite number`;
  throw new FolkmootError("training-diverged", {
    message: `Training stopped at step ${step}: ${what}.`,
    reason: "The learning rate is too high for this model and data, or the data hold broken rows.",
    action:
      lastCheckpoint === null
        ? "Start again with a lower learning rate."
        : `Start again with a lower learning rate, or use the checkpoint of step ${lastCheckpoint}, which is kept.`,
    details: { step, loss: String(loss), gradNorm: String(gradNorm), baseline, lastCheckpoint },
  });
}
