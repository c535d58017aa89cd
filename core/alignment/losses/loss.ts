/** What every loss shares: per-token log-probabilities in, value and dLoss/dlogp out. No loss knows a model. */

export interface LossMetrics {
  /** Mean negative log-likelihood of every response, nats per token. */
  readonly nll: readonly number[];
  /** Index of the response that is taught: the highest score, the first of them on a tie. */
  readonly best: number;
  /** The contrastive term before it is weighted; 0 where there is none. */
  readonly penalty: number;
  /** Mean over pairs of nll(strictly lower-rated) − nll(best), nats per token; null without pairs. */
  readonly margin: number | null;
  /** Share of those pairs in which the best response is likelier per token; null without pairs. */
  readonly accuracy: number | null;
  /** Number of (best, strictly lower-rated) pairs. */
  readonly pairs: number;
}

export interface LossResult {
  readonly value: number;
  /** dLoss/dlogp, the shape of `logps`. */
  readonly dLogp: number[][];
  readonly metrics: LossMetrics;
}

/** Mean negative log-likelihood per response, nats per token. A response without tokens gives NaN. */
export function meanNll(logps: readonly (readonly number[])[]): number[] {
  return logps.map((response) => -response.reduce((sum, logp) => sum + logp, 0) / response.length);
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

/**
 * dLoss/dlogp from dLoss/dnll per response: every token of a response of T tokens carries −dNll/T.
 * Both of our losses are functions of the length-averaged log-likelihoods alone.
 */
export function spreadOverTokens(dNll: readonly number[], logps: readonly (readonly number[])[]): number[][] {
  return logps.map((response, i) => {
    const perToken = -at(dNll, i) / response.length;
    return response.map(() => (perToken === 0 ? 0 : perToken));
  });
}

export function pairMetrics(
  nll: readonly number[],
  scores: readonly number[],
  best: number,
): Pick<LossMetrics, "margin" | "accuracy" | "pairs"> {
  const margins = strictlyLower(scores, best).map((i) => at(nll, i) - at(nll, best));
  if (margins.length === 0) return { margin: null, accuracy: null, pairs: 0 };
  return {
    margin: margins.reduce((sum, margin) => sum + margin, 0) / margins.length,
    accuracy: margins.filter((margin) => margin > 0).length / margins.length,
    pairs: margins.length,
  };
}

/** An element that is there by construction. */
export function at(values: readonly number[], index: number): number {
  return values[index] as number;
}
