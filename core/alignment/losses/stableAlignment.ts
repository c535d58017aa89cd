/**
 * Stable Alignment: learn the best answer, and keep every worse one at a distance that its rating modulates
 * (arXiv 2305.16960 section 3; released code: stable_alignment/alignment.py).
 *
 *   J = J_SFT(best) + ratio · P,   t_i = J_SFT(best) − J_SFT(i) + (r_best − r_i) / ratingScale · margin
 *
 * `paper`: i runs over the strictly lower-rated responses, each with its own hinge; P is the sum, mean or maximum of
 * max(0, t_i). `reference`: as released, i runs over all others, ties included; the rating of t_i is read from the
 * *sorted* ratings at the *original* index, and one hinge stands around the mean or maximum of the t_i.
 */
import type { StableAlignmentSettings } from "../../contract/alignment.ts";
import { FolkmootError } from "../../contract/errors.ts";
import { at, bestIndex, type LossResult, meanNll, pairMetrics, spreadOverTokens, strictlyLower } from "./loss.ts";

/** A penalty and its derivative with respect to the term t_i of every response in `rivals`. */
interface Penalty {
  readonly value: number;
  readonly rivals: readonly number[];
  readonly dTerm: readonly number[];
}

/**
 * @param logps natural log-probabilities, [response][token]
 * @param scores ratings, one per response, higher is better
 * One response, or (`paper`) all of them tied, gives plain SFT.
 * @throws bad-setting for `reference` with `sum`, which the released code does not have
 */
export function stableAlignment(
  logps: readonly (readonly number[])[],
  scores: readonly number[],
  settings: StableAlignmentSettings,
): LossResult {
  const nll = meanNll(logps);
  const best = bestIndex(scores);
  const penalty =
    settings.semantics === "paper"
      ? paperPenalty(nll, scores, best, settings)
      : referencePenalty(nll, scores, best, settings);
  const dNll = nll.map(() => 0);
  dNll[best] = 1;
  penalty.rivals.forEach((rival, k) => {
    const weight = settings.ratio * at(penalty.dTerm, k);
    dNll[best] = at(dNll, best) + weight;
    dNll[rival] = at(dNll, rival) - weight;
  });
  return {
    value: at(nll, best) + settings.ratio * penalty.value,
    dLogp: spreadOverTokens(dNll, logps),
    metrics: { nll, best, penalty: penalty.value, ...pairMetrics(logps, scores, best) },
  };
}

function paperPenalty(
  nll: readonly number[],
  scores: readonly number[],
  best: number,
  { reduction, margin, ratingScale }: StableAlignmentSettings,
): Penalty {
  const rivals = strictlyLower(scores, best);
  if (rivals.length === 0) return { value: 0, rivals, dTerm: [] };
  const terms = rivals.map(
    (i) => at(nll, best) - at(nll, i) + ((at(scores, best) - at(scores, i)) / ratingScale) * margin,
  );
  const hinged = terms.map((term) => Math.max(0, term));
  const open = terms.map((term) => (term > 0 ? 1 : 0));
  if (reduction === "max") {
    const top = bestIndex(hinged);
    return { value: at(hinged, top), rivals, dTerm: open.map((gate, k) => (k === top ? gate : 0)) };
  }
  const weight = reduction === "mean" ? 1 / rivals.length : 1;
  return {
    value: hinged.reduce((sum, term) => sum + term, 0) * weight,
    rivals,
    dTerm: open.map((gate) => gate * weight),
  };
}

function referencePenalty(
  nll: readonly number[],
  scores: readonly number[],
  best: number,
  { reduction, margin, ratingScale }: StableAlignmentSettings,
): Penalty {
  if (reduction === "sum")
    throw new FolkmootError("bad-setting", {
      message: 'The setting loss.reduction "sum" does not exist with loss.semantics "reference".',
      reason: "The released code takes the mean or, with max_flow, the maximum.",
      action: 'Set loss.reduction to "mean" or "max", or loss.semantics to "paper".',
    });
  const rivals = nll.flatMap((_, i) => (i === best ? [] : [i]));
  if (rivals.length === 0) return { value: 0, rivals, dTerm: [] };
  const sorted = [...scores].sort((a, b) => b - a);
  // alignment.py line 275: `sorted_ratings[idx]` with the index of the unsorted list; kept on purpose.
  const terms = rivals.map(
    (i) => at(nll, best) - at(nll, i) + ((at(scores, best) - at(sorted, i)) / ratingScale) * margin,
  );
  if (reduction === "max") {
    const top = bestIndex(terms);
    const gate = at(terms, top) > 0 ? 1 : 0;
    return { value: Math.max(0, ...terms), rivals, dTerm: terms.map((_, k) => (k === top ? gate : 0)) };
  }
  const mean = terms.reduce((sum, term) => sum + term, 0) / rivals.length;
  return { value: Math.max(0, mean), rivals, dTerm: terms.map(() => (mean > 0 ? 1 / rivals.length : 0)) };
}
