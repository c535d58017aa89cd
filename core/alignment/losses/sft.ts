/** Supervised fine-tuning on the best response: J_SFT(y) = −(1/|y|) Σ log p(y_t | x, y_<t) (paper section 3). */
import { at, bestIndex, type LossResult, meanNll, pairMetrics, spreadOverTokens } from "./loss.ts";

/**
 * @param logps natural log-probabilities, [response][token]
 * @param scores one per response, higher is better; only the best response is taught
 */
export function sft(logps: readonly (readonly number[])[], scores: readonly number[]): LossResult {
  const nll = meanNll(logps);
  const best = bestIndex(scores);
  return {
    value: at(nll, best),
    dLogp: spreadOverTokens(
      nll.map((_, i) => (i === best ? 1 : 0)),
      logps,
    ),
    metrics: { nll, best, penalty: 0, ...pairMetrics(logps, scores, best) },
  };
}
