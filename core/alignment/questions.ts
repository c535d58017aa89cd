/** Rows made ready for the trainer: candidates chosen, packed into forward calls of bounded size. */
import type { LossSettings } from "../contract/alignment.ts";
import type { RandomStream } from "../random.ts";
import { chooseCandidates } from "./candidates.ts";
import type { TokenRow } from "./nativeTrainer.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";

export interface Question {
  readonly row: TokenRow;
  /** Parallel to `row.responses`. */
  readonly scores: readonly number[];
  /** Tokens of the query and all responses. */
  readonly tokens: number;
}

/** The responses that the loss compares; SFT alone needs no rival. */
export function askQuestion(
  row: TokenizedRow,
  loss: LossSettings,
  maxRejected: number,
  random: RandomStream,
): Question {
  const candidates = chooseCandidates(
    row.scores,
    loss.id === "sft" ? { semantics: "paper", maxRejected: 0 } : { semantics: loss.semantics, maxRejected },
    random,
  );
  const responses = candidates.map((index) => Array.from(row.responses[index] as Int32Array));
  return {
    row: { query: Array.from(row.query), responses },
    scores: candidates.map((index) => row.scores[index] as number),
    tokens: row.query.length + responses.reduce((sum, response) => sum + response.length, 0),
  };
}

/** Consecutive questions whose tokens fit the budget together; one that is larger by itself stands alone. */
export function packQuestions(questions: readonly Question[], tokenBudget: number): Question[][] {
  const batches: Question[][] = [];
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
