/** The committed files of the demo world, as texts: what the society is asked, what it remembers, what decides. */
import { randomStream } from "../../core/random.ts";
import { answerKey } from "./answerKey.ts";
import { drawAnswer, pick } from "./answers.ts";
import { type Combination, questionsOf } from "./combination.ts";
import { demoExperiment } from "./demoExperiment.ts";
import { splitCombinations } from "./split.ts";

export const demoSeed = 1;

/** File name → content. Equal seeds give equal bytes. */
export function demoData(seed: number): ReadonlyMap<string, string> {
  const split = splitCombinations(seed);
  return new Map([
    ["questions.txt", lines(askAll(seed, "society", split.society).map(({ question }) => question))],
    ["prior.jsonl", jsonLines(priorPairs(seed, split.prior))],
    ["heldout.jsonl", jsonLines(heldOutQuestions(seed, split.heldout))],
    ["experiment.json", `${JSON.stringify(demoExperiment, null, 2)}\n`],
  ]);
}

/** One question per combination, shuffled: situations would otherwise come in rows. */
function askAll(seed: number, part: string, combinations: readonly Combination[]) {
  const random = randomStream(seed, "questions", part);
  return random
    .shuffle(combinations)
    .map((combination) => ({ combination, question: pick(random, questionsOf(combination)) }));
}

/** Good and bad in turn, so that every label has enough for all its agents. */
function priorPairs(seed: number, combinations: readonly Combination[]) {
  const random = randomStream(seed, "prior");
  return askAll(seed, "prior", combinations).map(({ combination, question }, index) => {
    const label = index % 2 === 0 ? ("good" as const) : ("bad" as const);
    const shape = { spirit: label, engaged: random.uniform() < 0.8, full: random.uniform() < 0.5 };
    return { question, response: drawAnswer(random, combination, shape).text, morality_label: label };
  });
}

function heldOutQuestions(seed: number, combinations: readonly Combination[]) {
  return askAll(seed, "heldout", combinations).map(({ combination, question }) => ({
    question,
    category: combination.situation.category,
    ...answerKey(combination),
  }));
}

function jsonLines(values: readonly unknown[]): string {
  return lines(values.map((value) => JSON.stringify(value)));
}

function lines(texts: readonly string[]): string {
  return `${texts.join("\n")}\n`;
}
