/** Answers: opener + clause, and a second sentence if the answer is full. */
import type { RandomStream } from "../../core/random.ts";
import { type Combination, fill } from "./combination.ts";
import {
  badClosings,
  badOpeners,
  genericBad,
  genericBadClosings,
  genericGood,
  genericGoodClosings,
  goodClosings,
  goodOpeners,
} from "./phrases.ts";

export type Spirit = "good" | "bad";

export interface Answer {
  readonly text: string;
  readonly spirit: Spirit;
  /** Names the person and the thing of the question. */
  readonly engaged: boolean;
  /** Has a second sentence. */
  readonly full: boolean;
}

export interface AnswerShape {
  readonly spirit: Spirit;
  readonly engaged: boolean;
  readonly full: boolean;
}

export function clausesFor({ situation }: Combination, { spirit, engaged }: AnswerShape): readonly string[] {
  if (engaged) return situation[spirit];
  return spirit === "good" ? genericGood : genericBad;
}

export function openersFor({ spirit }: Pick<AnswerShape, "spirit">): readonly string[] {
  return spirit === "good" ? goodOpeners : badOpeners;
}

export function closingsFor({ spirit, engaged }: AnswerShape): readonly string[] {
  if (engaged) return spirit === "good" ? goodClosings : badClosings;
  return spirit === "good" ? genericGoodClosings : genericBadClosings;
}

/** Every answer of one shape that the grammar has for a combination. */
export function answersOf(combination: Combination, shape: AnswerShape): Answer[] {
  const closings = shape.full ? closingsFor(shape) : [undefined];
  return openersFor(shape).flatMap((opener) =>
    clausesFor(combination, shape).flatMap((clause) =>
      closings.map((closing) => ({ ...shape, text: answerText(combination, opener, clause, closing) })),
    ),
  );
}

export function drawAnswer(random: RandomStream, combination: Combination, shape: AnswerShape): Answer {
  const closing = shape.full ? pick(random, closingsFor(shape)) : undefined;
  const text = answerText(
    combination,
    pick(random, openersFor(shape)),
    pick(random, clausesFor(combination, shape)),
    closing,
  );
  return { ...shape, text };
}

/** The same answer with one more sentence. */
export function polish(random: RandomStream, combination: Combination, answer: Answer): Answer {
  if (answer.full) return answer;
  return { ...answer, full: true, text: `${answer.text} ${fill(pick(random, closingsFor(answer)), combination)}` };
}

export function pick<T>(random: RandomStream, items: readonly T[]): T {
  return items[random.integer(items.length)] as T;
}

function answerText(combination: Combination, opener: string, clause: string, closing: string | undefined): string {
  const sentence = `${opener} ${fill(clause, combination)}.`;
  return closing === undefined ? sentence : `${sentence} ${fill(closing, combination)}`;
}
