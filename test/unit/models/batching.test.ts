import type { BatchItem, Token } from "node-llama-cpp";
import { describe, expect, it } from "vitest";
import {
  type BatchRules,
  batchStrategy,
  freeRules,
  isolatedRules,
  type Phase,
} from "../../../core/models/llama/batching.ts";

/** An item with its sequence id as priority. */
const item = (id: number, tokens: number): BatchItem =>
  ({ tokens: Array(tokens).fill(1) as Token[], logits: [], evaluationPriority: id }) as unknown as BatchItem;

function batch(rules: BatchRules, phase: Phase, items: BatchItem[], size = 16): [id: number, tokens: number][] {
  const strategy = batchStrategy(
    () => rules,
    () => phase,
    (one) => one.evaluationPriority,
  );
  return strategy({ items, size }).map((part) => [part.item.evaluationPriority, part.processAmount]);
}

describe("batchStrategy", () => {
  const tokens = [item(2, 1), item(0, 1), item(1, 1)];

  it("puts single tokens into one batch in the order of sequence ids, however they were queued", () => {
    expect(batch({ rows: 1, prompts: "equal" }, "decode", tokens)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("computes one sequence at a time where nothing else is reproducible", () => {
    expect(batch(isolatedRules, "decode", tokens)).toEqual([[0, 1]]);
    expect(batch(isolatedRules, "prompt", [item(1, 5), item(0, 5)])).toEqual([[0, 5]]);
  });

  it("joins prompts of one length only, whole, as many as fit", () => {
    const prompts = [item(3, 5), item(0, 5), item(1, 7), item(2, 5), item(4, 5)];
    expect(batch({ rows: 1, prompts: "equal" }, "prompt", prompts)).toEqual([
      [0, 5],
      [2, 5],
      [3, 5],
    ]);
  });

  it("keeps prompts alone where rows are grouped", () => {
    expect(batch({ rows: 4, prompts: "alone" }, "prompt", [item(0, 8), item(1, 8)])).toEqual([[0, 8]]);
  });

  it("fills the batch with anything where reproducibility was not asked for", () => {
    expect(batch(freeRules, "prompt", [item(0, 10), item(1, 10)])).toEqual([
      [0, 10],
      [1, 6],
    ]);
  });

  it("never asks for more than there is room for", () => {
    for (const size of [1, 2, 3, 7, 16])
      for (const rules of [freeRules, isolatedRules, { rows: 1, prompts: "equal" } as const]) {
        const parts = batch(rules, "prompt", [item(0, 5), item(1, 5), item(2, 9)], size);
        const sum = parts.reduce((total, [, amount]) => total + amount, 0);
        expect(sum).toBeGreaterThan(0);
        expect(sum).toBeLessThanOrEqual(size);
      }
  });
});
