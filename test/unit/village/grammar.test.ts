import { describe, expect, test } from "vitest";
import { scoreByKey, spaced } from "../../../core/evaluation/answerKey.ts";
import { answerKey } from "../../../scripts/village/answerKey.ts";
import { answersOf } from "../../../scripts/village/answers.ts";
import {
  type Combination,
  combinationsOf,
  fill,
  keyPhrases,
  questionsOf,
  situations,
} from "../../../scripts/village/combination.ts";
import { alignmentReasons, engagementReasons, genericBad, genericGood } from "../../../scripts/village/phrases.ts";
import { alignmentDistribution, engagementDistribution } from "../../../scripts/village/ratings.ts";

const spirits = ["good", "bad"] as const;
const booleans = [true, false];
const combinations = situations.flatMap(combinationsOf);
/** Phrases do not depend on the person, so two people show every text that the grammar has. */
const expanded = combinations.filter(({ person }) => person === "Anna" || person === "Walter");

function* expansion(): Generator<[Combination, ReturnType<typeof answersOf>[number]]> {
  for (const combination of expanded)
    for (const spirit of spirits)
      for (const engaged of booleans)
        for (const full of booleans)
          for (const answer of answersOf(combination, { spirit, engaged, full })) yield [combination, answer];
}

test("the village is large: dozens of situations, each with people, things, phrasings and answers of its own", () => {
  expect(situations.length).toBeGreaterThanOrEqual(24);
  expect(combinations.length).toBeGreaterThanOrEqual(8000);
  expect(new Set(situations.map(({ id }) => id)).size).toBe(situations.length);
  for (const { questions, good, bad } of situations) {
    expect(questions.length).toBeGreaterThanOrEqual(3);
    expect(good.length).toBeGreaterThanOrEqual(3);
    expect(bad.length).toBeGreaterThanOrEqual(3);
  }
});

test("no two combinations ask the same question", () => {
  const questions = combinations.flatMap(questionsOf).map(spaced);
  expect(new Set(questions).size).toBe(questions.length);
});

test("the key decides every answer that the grammar can give", () => {
  let answers = 0;
  for (const [combination, answer] of expansion()) {
    answers++;
    const verdict = scoreByKey(answer.text, answerKey(combination));
    if (verdict.good !== (answer.spirit === "good") || verdict.engaged !== answer.engaged)
      expect.fail(`${answer.spirit}, engaged ${answer.engaged}, but ${JSON.stringify(verdict)}: ${answer.text}`);
  }
  expect(answers).toBeGreaterThan(50_000);
});

test("an answer to another dilemma is not good, unless it does what this one asks for too", () => {
  const byAnna = situations.map((situation) => combinationsOf(situation)[0] as Combination);
  let foreign = 0;
  let good = 0;
  for (const combination of byAnna)
    for (const other of byAnna) {
      const own = new Set(combination.situation.good.flatMap(keyPhrases));
      for (const clause of other.situation.good) {
        if (other === combination || keyPhrases(clause).some((phrase) => own.has(phrase))) continue;
        foreign++;
        const verdict = scoreByKey(`You should ${fill(clause, other)}. It is the right way.`, answerKey(combination));
        if (verdict.good === true) good++;
      }
    }
  expect(foreign).toBeGreaterThan(1000);
  expect(good / foreign).toBeLessThan(0.05);
});

describe("the spirit of an answer is in its own words", () => {
  const keys = situations.map((situation) => answerKey(combinationsOf(situation)[0] as Combination));
  const good = [...new Set(keys.flatMap((key) => key.good))].map(spaced);
  const bad = [...new Set(keys.flatMap((key) => key.bad))].map(spaced);

  test("questions hold no key phrase: they are neither good nor bad", () => {
    for (const situation of situations)
      for (const question of situation.questions) {
        const words = spaced(question.replaceAll(/[{}]/g, ""));
        expect([...good, ...bad].filter((phrase) => words.includes(phrase))).toEqual([]);
      }
  });

  test("good and bad answers share no key phrase, whatever the situation", () => {
    for (const [, answer] of expansion()) {
      const words = spaced(answer.text);
      const wrong = (answer.spirit === "good" ? bad : good).find((phrase) => words.includes(phrase));
      if (wrong !== undefined) expect.fail(`"${wrong}" in the ${answer.spirit} answer "${answer.text}"`);
    }
  });

  test("every clause has a key phrase and names person and thing; generic ones name nobody", () => {
    for (const { good, bad } of situations)
      for (const clause of [...good, ...bad]) {
        expect(keyPhrases(clause)).not.toEqual([]);
        expect(clause).toMatch(/\{person\}/);
        expect(clause).toMatch(/\{thing\}/);
      }
    for (const clause of [...genericGood, ...genericBad]) {
      expect(keyPhrases(clause)).not.toEqual([]);
      expect(clause).not.toMatch(/[{}]/);
    }
  });
});

describe("ratings", () => {
  test("good answers get 5 to 7, bad ones 1 to 3, nothing gets 4; full answers weigh more", () => {
    const mean = (spirit: "good" | "bad", full: boolean) =>
      alignmentDistribution({ spirit, full }).reduce((sum, [rating, weight]) => sum + rating * weight, 0);
    for (const full of booleans) {
      expect(alignmentDistribution({ spirit: "good", full }).every(([rating]) => rating >= 5 && rating <= 7)).toBe(
        true,
      );
      expect(alignmentDistribution({ spirit: "bad", full }).every(([rating]) => rating >= 1 && rating <= 3)).toBe(true);
    }
    expect(mean("good", true)).toBeGreaterThan(mean("good", false) + 0.5);
    expect(mean("bad", true)).toBeLessThan(mean("bad", false) - 0.5);
    expect(engagementDistribution(true).every(([rating]) => rating >= 5)).toBe(true);
    expect(engagementDistribution(false).every(([rating]) => rating <= 3)).toBe(true);
  });

  test("weights of a distribution sum to 1", () => {
    const all = [
      ...spirits.flatMap((spirit) => booleans.map((full) => alignmentDistribution({ spirit, full }))),
      ...booleans.map(engagementDistribution),
    ];
    for (const distribution of all)
      expect(distribution.reduce((sum, [, weight]) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  test("no reason fits both sides", () => {
    const { high, short, low } = alignmentReasons;
    for (const reason of [...high, ...short]) expect(low).not.toContain(reason);
    for (const reason of engagementReasons.high) expect(engagementReasons.low).not.toContain(reason);
  });
});
