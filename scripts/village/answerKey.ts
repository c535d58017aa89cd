/**
 * How the village knows whether an answer is good: by key phrases that good and bad answers never share. Scored by
 * core/evaluation/answerKey.ts.
 */
import type { HeldOutQuestion } from "../../core/contract/evaluation.ts";
import { type Combination, keyPhrases } from "./combination.ts";
import { badClosings, genericBad, genericBadClosings, genericGood } from "./phrases.ts";

export type AnswerKey = Pick<HeldOutQuestion, "good" | "bad" | "mentions">;

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
