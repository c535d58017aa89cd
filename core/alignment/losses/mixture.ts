/** A weighted sum of losses over the same log-probabilities. */
import { at, type LossResult } from "./loss.ts";

/**
 * Value, derivative and penalty are Σ weight · part; rewards are those of the first part that has any.
 * @param parts at least one, all of the same responses
 */
export function mixture(parts: readonly { readonly weight: number; readonly result: LossResult }[]): LossResult {
  const [first] = parts as [(typeof parts)[number], ...typeof parts];
  const sum = (value: (result: LossResult) => number) =>
    parts.reduce((total, { weight, result }) => total + weight * value(result), 0);
  const rewarding = parts.find(({ result }) => result.metrics["rewards/margins"] !== null) ?? first;
  return {
    value: sum((result) => result.value),
    dLogp: first.result.dLogp.map((response, i) =>
      response.map((_, t) => sum((result) => at(result.dLogp[i] as number[], t))),
    ),
    metrics: { ...rewarding.result.metrics, penalty: sum((result) => result.metrics.penalty) },
  };
}
