import { randomStream } from "../../core/random.ts";
import { type Combination, combinationsOf, situations } from "./combination.ts";

/** The four parts never share a combination. */
export interface Split {
  /** Trains the demo model. */
  readonly corpus: readonly Combination[];
  /** Questions that the society talks about. */
  readonly society: readonly Combination[];
  /** What agents remember before the first round. */
  readonly prior: readonly Combination[];
  /** Questions of the evaluation. */
  readonly heldout: readonly Combination[];
}

/** Combinations per situation; the rest (270 of 320) is the corpus. */
const perSituation = { heldout: 16, society: 24, prior: 10 };

/** Every situation is dealt alike, so each part knows all of them. Parts are in the order of situations. */
export function splitCombinations(seed: number): Split {
  const split: { [part in keyof Split]: Combination[] } = { corpus: [], society: [], prior: [], heldout: [] };
  for (const situation of situations) {
    const shuffled = randomStream(seed, "split", situation.id).shuffle(combinationsOf(situation));
    split.heldout.push(...shuffled.splice(0, perSituation.heldout));
    split.society.push(...shuffled.splice(0, perSituation.society));
    split.prior.push(...shuffled.splice(0, perSituation.prior));
    split.corpus.push(...shuffled);
  }
  return split;
}
