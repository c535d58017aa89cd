import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { experimentFile } from "../../../core/contract/experiment.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import { scoreByKey } from "../../../core/evaluation/answerKey.ts";
import { findLeaks, loadHeldOut } from "../../../core/evaluation/questions.ts";
import { loadPriorPairs } from "../../../core/society/priorMemory.ts";
import { loadQuestions } from "../../../core/society/questions.ts";
import { combinationKey, questionsOf } from "../../../scripts/village/combination.ts";
import { conversationGroupAt } from "../../../scripts/village/conversations.ts";
import { demoData, demoSeed } from "../../../scripts/village/demoData.ts";
import { splitCombinations } from "../../../scripts/village/split.ts";

const folder = join(import.meta.dirname, "../../../resources/demo");
const split = splitCombinations(demoSeed);

test("the committed files are what the grammar gives today", async () => {
  for (const [name, content] of demoData(demoSeed)) expect(await readFile(join(folder, name), "utf8")).toBe(content);
});

test("another seed gives other files", () => {
  const other = demoData(demoSeed + 1);
  for (const name of ["questions.txt", "prior.jsonl", "heldout.jsonl"])
    expect(other.get(name)).not.toBe(demoData(demoSeed).get(name));
});

describe("what is held out was never seen", () => {
  test("corpus, society, prior memory and held-out share no combination, and nothing is lost", () => {
    const keys = Object.values(split).flatMap((part) => part.map(combinationKey));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBe(28 * 8 * 40);
  });

  test("no held-out question is asked or remembered in the society, in any phrasing", async () => {
    const heldOut = split.heldout.flatMap(questionsOf);
    const questions = await loadQuestions(join(folder, "questions.txt"));
    const prior = await loadPriorPairs(join(folder, "prior.jsonl"));
    const remembered = [...prior.good, ...prior.bad].map(({ question }) => question);
    expect(findLeaks(heldOut, [...questions, ...remembered])).toEqual([]);
    // The guard itself sees a leak when there is one.
    expect(findLeaks(heldOut, [heldOut[7] as string])).toEqual([heldOut[7]]);
  });

  test("no held-out question is in the corpus, neither asked nor recalled", () => {
    const asked = new Set(split.heldout.flatMap(questionsOf));
    const corpus = new Set(split.corpus.flatMap(questionsOf));
    expect([...asked].filter((question) => corpus.has(question))).toEqual([]);
    const mix = { draft: 1, recall: 1, rating: 1, peer: 1, engagement: 1, revision: 1 };
    for (let index = 0; index < 500; index++)
      for (const { prompt } of conversationGroupAt(1, index, { combinations: split.corpus, mix }).conversations) {
        const text = [prompt.instruction, prompt.sharedInput, prompt.ownInput].join("\n");
        for (const question of asked) if (text.includes(question)) expect.fail(question);
      }
  });
});

test("at least 400 held-out questions, each with a key that its own answers satisfy", async () => {
  const questions = await loadHeldOut(join(folder, "heldout.jsonl"), null);
  expect(questions.length).toBeGreaterThanOrEqual(400);
  for (const question of questions) {
    expect(question.good.length).toBeGreaterThan(0);
    expect(question.bad.length).toBeGreaterThan(0);
    expect(question.mentions.length).toBe(2);
    expect(scoreByKey(question.question, question)).toEqual({ good: false, engaged: true });
  }
});

test("prior memory has enough pairs of each label for every agent of the demo", async () => {
  const { good, bad } = await loadPriorPairs(join(folder, "prior.jsonl"));
  expect(good.length).toBe(bad.length);
  expect(good.length).toBeGreaterThanOrEqual(8 * 6);
});

test("the experiment file is valid in every size", async () => {
  const { sizes } = experimentFile.parse(JSON.parse(await readFile(join(folder, "experiment.json"), "utf8")));
  for (const { society, align, evaluation } of Object.values(sizes)) {
    societyConfig.strict().parse({ ...society, populations: [{ model: "m" }] });
    alignConfig.strict().parse({ ...align, model: "m", data: "d" });
    evaluationConfig.strict().parse({ ...evaluation, model: "m" });
  }
});
