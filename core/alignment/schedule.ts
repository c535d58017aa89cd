/** Learning rate over the optimizer steps of a run. */
import type { ScheduleSettings } from "../contract/alignment.ts";

/**
 * Factor in (0, 1] on the learning rate at `step` of `totalSteps` (both counted from 1).
 *
 * Warm-up takes ⌈warmupShare · totalSteps⌉ steps and rises linearly; then the factor is 1 (`constant`) or falls from 1
 * to 0, linearly or as half a cosine. The zeros at both ends lie outside the run (step 0 and step totalSteps + 1), so
 * no step is spent on a learning rate of nothing.
 */
export function scheduleFactor(step: number, totalSteps: number, { kind, warmupShare }: ScheduleSettings): number {
  const warmup = Math.min(totalSteps - 1, Math.ceil(warmupShare * totalSteps));
  if (step <= warmup) return step / (warmup + 1);
  if (kind === "constant") return 1;
  const progress = (step - warmup - 1) / (totalSteps - warmup);
  return kind === "linear" ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
}
