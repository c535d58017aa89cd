import type { Token } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import { choose, softmax } from "../../../core/models/llama/ratingChoice.ts";
import { logProbability } from "../../../core/models/llama/responseScorer.ts";

const logits = [0, 1, 2, 3, 2, 1, 0];

describe("choose", () => {
  it("takes the largest without a draw, the first on a tie", () => {
    expect(choose(logits, 1, null)).toBe(3);
    expect(choose([1, 5, 5, 0, 0, 0, 0], 1, null)).toBe(1);
    expect(choose(logits, 0, 0.999)).toBe(3);
  });

  it.each([0.5, 1, 2])("draws each digit as often as its probability at temperature %s", (temperature) => {
    const draws = 70_000;
    const counts = logits.map(() => 0);
    for (let i = 0; i < draws; i++) {
      const index = choose(logits, temperature, (i + 0.5) / draws);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    const expected = softmax(logits.map((logit) => logit / temperature));
    for (const [i, probability] of expected.entries())
      expect(Math.abs((counts[i] ?? 0) / draws - probability)).toBeLessThan(2 / draws);
  });

  it("stays in range at both ends", () => {
    expect(choose(logits, 1, 0)).toBe(0);
    expect(choose(logits, 1, 1 - 2 ** -53)).toBe(6);
  });
});

describe("softmax and logProbability", () => {
  it("neither overflow nor lose the small ones", () => {
    expect(softmax([1000, 1000, -1000])).toEqual([0.5, 0.5, 0]);
    const many = new Map(Array.from({ length: 100_000 }, (_, i) => [i as Token, i === 0 ? 700 : 690] as const));
    expect(logProbability(many, 0 as Token)).toBeCloseTo(-Math.log(1 + 99_999 * Math.exp(-10)), 9);
  });
});
