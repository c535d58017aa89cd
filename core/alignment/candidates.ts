/** Which responses of a row take part in a step. */
import type { Semantics } from "../contract/alignment.ts";
import type { RandomStream } from "../random.ts";
import { bestIndex, strictlyLower } from "./losses/loss.ts";

/** `--num_comp` of the released code: this many responses in total, drawn anew every epoch. */
export const referenceCandidates = 3;

export interface CandidateSettings {
  readonly semantics: Semantics;
  /** `paper` only: most strictly lower-rated responses beside the best. */
  readonly maxRejected: number;
}

/**
 * Indexes into `scores`, in their given order. `paper`: the best (first on a tie) and at most `maxRejected` strictly
 * lower-rated ones. `reference`: three at random, so the best of the row may be missing (alignment.py line 206).
 */
export function chooseCandidates(
  scores: readonly number[],
  { semantics, maxRejected }: CandidateSettings,
  random: RandomStream,
): number[] {
  if (semantics === "reference") return random.sample([...scores.keys()], referenceCandidates).sort(ascending);
  const best = bestIndex(scores);
  const lower = strictlyLower(scores, best);
  const rejected = lower.length <= maxRejected ? lower : random.sample(lower, maxRejected);
  return [best, ...rejected].sort(ascending);
}

function ascending(a: number, b: number): number {
  return a - b;
}
