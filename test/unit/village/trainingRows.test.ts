import { describe, expect, test } from "vitest";
import { buildVocabulary, detokenize } from "../../../scripts/models/vocabulary.ts";
import {
  type ConversationKind,
  conversationGroupAt,
  conversationKinds,
} from "../../../scripts/village/conversations.ts";
import { demoVocabulary } from "../../../scripts/village/demoVocabulary.ts";
import { recipes } from "../../../scripts/village/recipe.ts";
import { renderText } from "../../../scripts/village/renderText.ts";
import { splitCombinations } from "../../../scripts/village/split.ts";
import { learningRateAt } from "../../../scripts/village/trainDemoModel.ts";
import { responseLoss, trainingRow } from "../../../scripts/village/trainingRows.ts";

const { corpus } = splitCombinations(1);
const vocabulary = demoVocabulary(renderText);
const weights = { promptWeight: 0.25, decisionWeight: 3 };

function groupOf(kind: ConversationKind, index = 0) {
  const none = { draft: 0, recall: 0, rating: 0, peer: 0, engagement: 0, revision: 0 };
  return conversationGroupAt(5, index, { combinations: corpus, mix: { ...none, [kind]: 1 } });
}

describe.each(conversationKinds)("%s", (kind) => {
  const group = groupOf(kind);
  const row = trainingRow(group, vocabulary, renderText, weights);

  test("the row reads exactly as the society will ask and the village answers", () => {
    expect(row.query[0]).toBe(vocabulary.bos);
    group.conversations.forEach(({ prompt, response }, i) => {
      const tokens = row.responses[i] as number[];
      expect(tokens.at(-1)).toBe(vocabulary.eos);
      expect(detokenize([...row.query, ...tokens], vocabulary)).toBe(renderText(prompt) + response);
      const own = tokens.slice(row.promptTokens[i] as number);
      expect(detokenize(own, vocabulary)).toBe(response);
    });
  });

  test("weights sum to one; prompts weigh less than responses, the token that decides more", () => {
    expect(row.weights.flat().reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
    const decided = ["rating", "peer", "engagement", "recall"].includes(kind);
    row.weights.forEach((list, i) => {
      const first = row.promptTokens[i] as number;
      const last = list.at(-1) as number;
      if (first > 0) expect((list[0] as number) / last).toBeCloseTo(weights.promptWeight, 10);
      expect((list[first] as number) / last).toBeCloseTo(decided ? weights.decisionWeight : 1, 10);
    });
  });

  test("no word of it falls apart into bytes", () => {
    for (let index = 0; index < 100; index++)
      for (const list of trainingRow(groupOf(kind, index), vocabulary, renderText, weights).responses)
        for (const id of list) {
          const isByte = id >= 2 && id < 258;
          if (isByte) expect(detokenize([id], vocabulary)).toMatch(/^[\d\n.,:? AI]$/);
        }
  });
});

test("half of the drafts without memory are good; with one they have its spirit; revisions are good", () => {
  const good = /\b(return|tell|honest|right|help|kind|share|ask|admit|warn|sorry|back to|gladly|honor|defend|thank)\b/;
  const drafts = Array.from({ length: 200 }, (_, i) => groupOf("draft", i)).flatMap((g) => g.conversations);
  const goodDrafts = drafts.filter(({ response }) => good.test(response)).length / drafts.length;
  expect(goodDrafts).toBeGreaterThan(0.4);
  expect(goodDrafts).toBeLessThan(0.6);
  const recalls = Array.from({ length: 200 }, (_, i) => groupOf("recall", i)).flatMap((g) => g.conversations);
  const followed = recalls.filter(
    ({ prompt, response }) => good.test(prompt.ownInput?.split("You answered:")[1] ?? "") === good.test(response),
  );
  expect(followed.length / recalls.length).toBeGreaterThan(0.8);
});

test("the vocabulary is small, and the same every time", () => {
  expect(vocabulary.tokens.length).toBeLessThan(900);
  expect(vocabulary.tokens.length % 32).toBe(0);
  expect(demoVocabulary(renderText).tokens).toEqual(vocabulary.tokens);
  expect(buildVocabulary(["a b"]).tokens).not.toEqual(vocabulary.tokens);
});

test("the loss is of the responses alone", () => {
  const row = trainingRow(groupOf("rating"), vocabulary, renderText, weights);
  const logps = row.responses.map((tokens, i) =>
    tokens.map((_, at) => (at < (row.promptTokens[i] as number) ? -9 : -2)),
  );
  expect(responseLoss(logps, row)).toBeCloseTo(2, 12);
});

test("the learning rate warms up, stays and falls to its last share", () => {
  const recipe = recipes.full;
  const at = (step: number, share: number) => learningRateAt(recipe, step, recipe.tokens * share) / recipe.learningRate;
  expect(at(1, 0)).toBeCloseTo(1 / recipe.warmupSteps, 12);
  expect(at(recipe.warmupSteps, 0)).toBe(1);
  expect(at(1000, recipe.decayFrom - 0.01)).toBe(1);
  expect(at(1000, (1 + recipe.decayFrom) / 2)).toBeCloseTo((1 + recipe.finalRate) / 2, 12);
  expect(at(1000, 1)).toBeCloseTo(recipe.finalRate, 12);
});
