/** What every loss shares: per-token log-probabilities in, value and dLoss/dlogp out. No loss knows a model. */

/** Means over the pairs (best, strictly lower-rated); null without pairs, rewards also where the loss has none. */
export interface PairMetrics {
  /** nll(lower-rated) − nll(best), nats per token. */
  readonly margin: number | null;
  /** Share of pairs in which the best response is likelier per token. */
  readonly accuracy: number | null;
  /** Log-probability of a whole response, nats. */
  readonly "logps/chosen": number | null;
  readonly "logps/rejected": number | null;
  readonly "rewards/chosen": number | null;
  readonly "rewards/rejected": number | null;
  readonly "rewards/margins": number | null;
  /** Share of pairs in which the best response has the greater reward. */
  readonly "rewards/accuracies": number | null;
}

export interface LossMetrics extends PairMetrics {
  /** Mean negative log-likelihood of every response, nats per token. */
  readonly nll: readonly number[];
  /** Index of the response that is taught: the highest score, the first of them on a tie. */
  readonly best: number;
  /** The contrastive term before it is weighted; 0 where there is none. */
  readonly penalty: number;
  /** Number of (best, strictly lower-rated) pairs. */
  readonly pairs: number;
}

export interface LossResult {
  readonly value: number;
  /** dLoss/dlogp, the shape of `logps`. */
  readonly dLogp: number[][];
  readonly metrics: LossMetrics;
}

/** Log-probability of every response, nats. */
export function sums(logps: readonly (readonly number[])[]): number[] {
  return logps.map((response) => response.reduce((sum, logp) => sum + logp, 0));
}

/** Mean negative log-likelihood per response, nats per token. A response without tokens gives NaN. */
export function meanNll(logps: readonly (readonly number[])[]): number[] {
  return sums(logps).map((sum, i) => -sum / (logps[i]?.length ?? 0));
}

/** The highest score; the first of them on a tie (definitions, "Loss"). */
export function bestIndex(scores: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (at(scores, i) > at(scores, best)) best = i;
  return best;
}

/** Indexes of the responses that are rated strictly lower than the best, in their order. */
export function strictlyLower(scores: readonly number[], best: number): number[] {
  return scores.flatMap((score, i) => (score < at(scores, best) ? [i] : []));
}

/** Whether any response is rated strictly lower than the best. */
export function hasPair(scores: readonly number[]): boolean {
  return strictlyLower(scores, bestIndex(scores)).length > 0;
}

/**
 * dLoss/dlogp from dLoss/dnll per response: every token of a response of T tokens carries −dNll/T.
 */
export function spreadOverTokens(dNll: readonly number[], logps: readonly (readonly number[])[]): number[][] {
  return logps.map((response, i) => {
    const perToken = -at(dNll, i) / response.length;
    return response.map(() => (perToken === 0 ? 0 : perToken));
  });
}

/**
 * @param rewards one per response; null where the loss has none
 */
export function pairMetrics(
  logps: readonly (readonly number[])[],
  scores: readonly number[],
  best: number,
  rewards: readonly number[] | null = null,
): PairMetrics & Pick<LossMetrics, "pairs"> {
  const lower = strictlyLower(scores, best);
  const [nll, total] = [meanNll(logps), sums(logps)];
  const mean = (value: (rejected: number) => number) =>
    lower.length === 0 ? null : lower.reduce((sum, i) => sum + value(i), 0) / lower.length;
  const ofRewards = (value: (chosen: number, rejected: number) => number) =>
    rewards === null ? null : mean((i) => value(at(rewards, best), at(rewards, i)));
  return {
    margin: mean((i) => at(nll, i) - at(nll, best)),
    accuracy: mean((i) => (at(nll, i) > at(nll, best) ? 1 : 0)),
    "logps/chosen": mean(() => at(total, best)),
    "logps/rejected": mean((i) => at(total, i)),
    "rewards/chosen": ofRewards((chosen) => chosen),
    "rewards/rejected": ofRewards((_, rejected) => rejected),
    "rewards/margins": ofRewards((chosen, rejected) => chosen - rejected),
    "rewards/accuracies": ofRewards((chosen, rejected) => (chosen > rejected ? 1 : 0)),
    pairs: lower.length,
  };
}

/** An element that is there by construction. */
export function at(values: readonly number[], index: number): number {
  return values[index] as number;
}
