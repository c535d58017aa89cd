/** How the village knows whether an answer is good: by key phrases, which good and bad answers never share. */
import { type Combination, keyPhrases } from "./combination.ts";
import { badClosings, genericBad, genericBadClosings, genericGood } from "./phrases.ts";

export interface AnswerKey {
  /** An answer is good if it holds one of these and none of `bad`. */
  readonly good: readonly string[];
  readonly bad: readonly string[];
  /** Person and thing: an answer engages if it names both. */
  readonly mentions: readonly [string, string];
}

export type Verdict = "good" | "bad" | "neither";

/** The closings of good answers are no key: a kind second sentence does not make another situation's answer good. */
export function answerKey({ situation, person, thing }: Combination): AnswerKey {
  return {
    good: unique([...situation.good, ...genericGood]),
    bad: unique([...situation.bad, ...genericBad, ...badClosings, ...genericBadClosings]),
    mentions: [person, thing],
  };
}

/** Whole words, any case. A bad phrase outweighs every good one. */
export function judge(answer: string, key: Pick<AnswerKey, "good" | "bad">): Verdict {
  const words = spaced(answer);
  const holds = (phrase: string) => words.includes(spaced(phrase));
  if (key.bad.some(holds)) return "bad";
  return key.good.some(holds) ? "good" : "neither";
}

export function names(answer: string, mentions: readonly string[]): boolean {
  const words = spaced(answer);
  return mentions.every((word) => words.includes(spaced(word)));
}

function unique(phrases: readonly string[]): string[] {
  return [...new Set(phrases.flatMap(keyPhrases))];
}

function spaced(text: string): string {
  return ` ${text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join(" ")} `;
}
