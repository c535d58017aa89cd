/** Rows made ready for the trainer: candidates chosen, packed into forward calls of bounded size. */
import type { LossSettings } from "../contract/alignment.ts";
import type { RandomStream } from "../random.ts";
import { type CandidateSettings, chooseCandidates } from "./candidates.ts";
import { partsOf } from "./losses/index.ts";
import type { TokenRow } from "./nativeTrainer.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";

export interface Question {
  readonly row: TokenRow;
  /** Parallel to `row.responses`. */
  readonly scores: readonly number[];
  /** Log-probability of every response under the base, parallel to them; null where the loss needs none. */
  readonly refLogps: readonly number[] | null;
  /** Tokens of the query and all responses. */
  readonly tokens: number;
}

/**
 * The responses that the loss compares; SFT alone needs no rival.
 * @param refLogps of every response of the row
 */
export function askQuestion(
  row: TokenizedRow,
  loss: LossSettings,
  maxRejected: number,
  random: RandomStream,
  refLogps: readonly number[] | null = null,
): Question {
  const candidates = candidatesOf(row.scores, loss, maxRejected, random);
  const responses = candidates.map((index) => Array.from(row.responses[index] as Int32Array));
  return {
    row: { query: Array.from(row.query), responses },
    scores: candidates.map((index) => row.scores[index] as number),
    refLogps: refLogps === null ? null : candidates.map((index) => refLogps[index] as number),
    tokens: row.query.length + responses.reduce((sum, response) => sum + response.length, 0),
  };
}

/** Indexes into the responses of a row, ascending. */
export function candidatesOf(
  scores: readonly number[],
  loss: LossSettings,
  maxRejected: number,
  random: RandomStream,
): number[] {
  return chooseCandidates(scores, candidateSettings(loss, maxRejected), random);
}

/** A mixture with a part that follows the released code draws as that code does. */
function candidateSettings(loss: LossSettings, maxRejected: number): CandidateSettings {
  const parts = partsOf(loss);
  if (parts.every((part) => part.id === "sft")) return { semantics: "paper", maxRejected: 0 };
  const released = parts.some((part) => part.id === "stable-alignment" && part.semantics === "reference");
  return { semantics: released ? "reference" : "paper", maxRejected };
}

/** Consecutive questions whose tokens fit the budget together; one that is larger by itself stands alone. */
export function packQuestions<Sized extends Pick<Question, "tokens">>(
  questions: readonly Sized[],
  tokenBudget: number,
): Sized[][] {
  const batches: Sized[][] = [];
  let room = 0;
  for (const question of questions) {
    const last = batches.at(-1);
    if (last !== undefined && question.tokens <= room) {
      last.push(question);
      room -= question.tokens;
    } else {
      batches.push([question]);
      room = tokenBudget - question.tokens;
    }
  }
  return batches;
}
