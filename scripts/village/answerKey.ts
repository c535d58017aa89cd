/**
 * How the village knows whether an answer is good: by key phrases that good and bad answers never share. Scored by
 * core/evaluation/answerKey.ts.
 */
import { type Combination, keyPhrases } from "./combination.ts";
import { badClosings, genericBad, genericBadClosings, genericGood } from "./phrases.ts";

export interface AnswerKey {
  /** An answer is good if it holds one of these and none of `bad`; one that holds neither is not good. */
  readonly good: readonly string[];
  readonly bad: readonly string[];
  /** Person and thing: an answer engages if it names both. */
  readonly mentions: readonly [string, string];
}

/** The closings of good answers are no key: a kind second sentence does not make another situation's answer good. */
export function answerKey({ situation, person, thing }: Combination): AnswerKey {
  return {
    good: unique([...situation.good, ...genericGood]),
    bad: unique([...situation.bad, ...genericBad, ...badClosings, ...genericBadClosings]),
    mentions: [person, thing],
  };
}

function unique(phrases: readonly string[]): string[] {
  return [...new Set(phrases.flatMap(keyPhrases))];
}
