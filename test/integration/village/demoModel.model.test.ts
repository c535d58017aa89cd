import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLanguageModel } from "../../../core/models/llama/loadedModel.ts";
import { openTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { tokenize } from "../../../scripts/models/vocabulary.ts";
import { questionsOf } from "../../../scripts/village/combination.ts";
import { demoSeed } from "../../../scripts/village/demoData.ts";
import { demoVocabulary } from "../../../scripts/village/demoVocabulary.ts";
import { measureDemoModel } from "../../../scripts/village/measureDemoModel.ts";
import { renderText } from "../../../scripts/village/renderText.ts";
import { splitCombinations } from "../../../scripts/village/split.ts";

const path = join(import.meta.dirname, "../../../resources/models/village-q8_0.gguf");
const { heldout, prior } = splitCombinations(demoSeed);

test("the committed model is small and knows the words of today's grammar", async () => {
  expect((await stat(path)).size).toBeLessThanOrEqual(8 * 2 ** 20);
  const vocabulary = demoVocabulary(renderText);
  await using tokenizer = await openTokenizer(path);
  for (const question of heldout.flatMap(questionsOf))
    expect([...tokenizer.tokenize(question)]).toEqual(tokenize(question, vocabulary));
});

test("on held-out combinations it follows memories, rates and revises as the demo needs", async () => {
  const model = await openLanguageModel({ path, sequences: 32, contextSize: 512, threads: 1 });
  try {
    const measure = await measureDemoModel(model, { heldOut: heldout, memories: prior, seed: 1, cases: 100 });
    // Bounds of scripts/checkDemoModel.ts, wider by two standard errors of 100 cases where the model is near one.
    expect(measure.goodWithoutMemory).toBeGreaterThan(0.3);
    expect(measure.goodWithoutMemory).toBeLessThan(0.7);
    expect(measure.followsGood).toBeGreaterThanOrEqual(0.8);
    expect(measure.followsBad).toBeGreaterThanOrEqual(0.8);
    expect(measure.observerRatings).toBeGreaterThanOrEqual(0.9);
    expect(measure.peerRatings).toBeGreaterThanOrEqual(0.9);
    expect(measure.engagementRatings).toBeGreaterThanOrEqual(0.9);
    expect(measure.revisesBad).toBeGreaterThanOrEqual(0.75);
  } finally {
    await model.dispose();
  }
});
