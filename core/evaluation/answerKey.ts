/** Scores an answer by a key of phrases: a fact, where a judge would give an opinion. */
import type { HeldOutQuestion } from "../contract/evaluation.ts";

export interface KeyVerdict {
  /** Holds a good phrase and no bad one; null when the key has neither. */
  readonly good: boolean | null;
  /** Names all `mentions`; null when there are none. */
  readonly engaged: boolean | null;
}

/** Phrases are found as whole words in any case, with any white space and punctuation between them. */
export function scoreByKey(
  answer: string,
  { good, bad, mentions }: Pick<HeldOutQuestion, "good" | "bad" | "mentions">,
): KeyVerdict {
  const words = spaced(answer);
  const holds = (phrase: string) => words.includes(spaced(phrase));
  return {
    good: hasKey({ good, bad }) ? good.some(holds) && !bad.some(holds) : null,
    engaged: mentions.length === 0 ? null : mentions.every(holds),
  };
}

/** A question can be decided by its key when it says what is good; `bad` alone would make silence good. */
export function hasKey({ good }: Pick<HeldOutQuestion, "good" | "bad">): boolean {
  return good.length > 0;
}

/** ` the lost purse ` for "The lost – purse!": words between single spaces, so that a phrase never starts in a word. */
export function spaced(text: string): string {
  return ` ${text
    .normalize("NFC")
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== "")
    .join(" ")} `;
}
