/** The common form of the losses that compare the best response with a lower-rated one. */
import { at, bestIndex, type LossResult, meanNll, pairMetrics, strictlyLower, sums } from "./loss.ts";

/** A term of one pair with its slopes, as a function of what is compared of either response. */
export interface PairTerm {
  readonly value: number;
  readonly dChosen: number;
  readonly dRejected: number;
}

export interface PairLoss {
  /** Compares the mean per token instead of the sum. */
  readonly averaged: boolean;
  /** Compares with the reference: its log-probability is taken off. */
  readonly reference: boolean;
  pair(chosen: number, rejected: number): PairTerm;
  readonly pairWeight: number;
  /** Weight of the best response's mean negative log-likelihood beside the pairs. */
  readonly nllWeight: number;
  /** Reward = this times what is compared. */
  readonly beta: number;
}

/**
 * nllWeight · nll(best) + pairWeight · pairScale · mean over the strictly lower-rated i of pair(x_best, x_i), with x the
 * sum or mean of a response's log-probabilities, less the reference's.
 *
 * @param logps natural log-probabilities, [response][token]
 * @param refLogps log-probability of each whole response under the reference, nats; read by `reference` losses only
 * @param pairScale questions that are averaged per question with a pair: their mean is then that of those with a pair
 */
export function pairLoss(
  loss: PairLoss,
  logps: readonly (readonly number[])[],
  scores: readonly number[],
  refLogps: readonly number[],
  pairScale: number,
): LossResult {
  const nll = meanNll(logps);
  const best = bestIndex(scores);
  const lower = strictlyLower(scores, best);
  const share = logps.map((response) => (loss.averaged ? 1 / response.length : 1));
  const compared = sums(logps).map((sum, i) => (sum - (loss.reference ? at(refLogps, i) : 0)) * at(share, i));
  // Per response, of what is compared; the likelihood of the best comes on top.
  const slopes = logps.map(() => 0);
  let penalty = 0;
  for (const rejected of lower) {
    const { value, dChosen, dRejected } = loss.pair(at(compared, best), at(compared, rejected));
    const weight = pairScale / lower.length;
    penalty += weight * value;
    slopes[best] = at(slopes, best) + loss.pairWeight * weight * dChosen;
    slopes[rejected] = loss.pairWeight * weight * dRejected;
  }
  const dLogp = logps.map((response, i) => {
    const likelihood = i === best ? loss.nllWeight / response.length : 0;
    const perToken = at(slopes, i) * at(share, i) - likelihood;
    return response.map(() => (perToken === 0 ? 0 : perToken));
  });
  const rewards = compared.map((value) => loss.beta * value);
  return {
    value: (loss.nllWeight === 0 ? 0 : loss.nllWeight * at(nll, best)) + loss.pairWeight * penalty,
    dLogp,
    metrics: { nll, best, penalty, ...pairMetrics(logps, scores, best, rewards) },
  };
}
