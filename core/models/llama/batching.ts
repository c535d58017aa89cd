/**
 * Which tokens go into one batch.
 *
 * llama.cpp computes the tokens of several sequences together only where their ids are consecutive and rising; any
 * other order or a gap starts a new computation (llama-batch.cpp, split_equal). So batches are always in id order.
 * Nothing that shares a batch may change a result: the rows of a batch come in groups whose size this machine computes
 * alike, whatever else is in the batch (see rowInvariance.ts).
 */
import type { BatchItem, CustomBatchingPrioritizationStrategy, PrioritizedBatchItem } from "node-llama-cpp";

export interface BatchRules {
  /** A batch of single tokens holds a multiple of so many rows; null = one sequence at a time. */
  readonly rows: number | null;
  /** Which prompts share a batch: none, those of one length, or any. */
  readonly prompts: "alone" | "equal" | "free";
}

/** Any grouping: fastest, and the same texts only by luck. */
export const freeRules: BatchRules = { rows: 1, prompts: "free" };
/** No grouping: the same texts always, slowest. */
export const isolatedRules: BatchRules = { rows: null, prompts: "alone" };

/**
 * On a GPU a full batch takes hardly longer than a part of it: all are full, so that all take the same kernels. What
 * texts come out still depends on the driver.
 */
export function fullBatches(sequences: number): BatchRules {
  return { rows: sequences, prompts: "alone" };
}

export type Phase = "prompt" | "decode";

/**
 * @param order the present sequence id of an item
 */
export function batchStrategy(
  rules: () => BatchRules,
  phase: () => Phase,
  order: (item: BatchItem) => number,
): CustomBatchingPrioritizationStrategy {
  return ({ items, size }) => {
    const inOrder = [...items].sort((a, b) => order(a) - order(b));
    const { rows, prompts } = rules();
    const isAlone = phase() === "decode" ? rows === null : prompts === "alone";
    if (isAlone) return fillBatch(inOrder.slice(0, 1), size);
    if (phase() === "decode" || prompts === "free") return fillBatch(inOrder, size);
    return fillWithEqual(inOrder, size);
  };
}

/** As many tokens as there is room for, in order. */
function fillBatch(items: readonly BatchItem[], size: number): PrioritizedBatchItem[] {
  const batch: PrioritizedBatchItem[] = [];
  let room = size;
  for (const item of items) {
    const processAmount = Math.min(room, item.tokens.length);
    if (processAmount === 0) break;
    batch.push({ item, processAmount });
    room -= processAmount;
  }
  return batch;
}

/** The first item and all others of its length, never a part of one. */
function fillWithEqual(items: readonly BatchItem[], size: number): PrioritizedBatchItem[] {
  const length = items[0]?.tokens.length ?? 0;
  return items
    .filter((item) => item.tokens.length === length)
    .slice(0, Math.max(1, Math.floor(size / length)))
    .map((item) => ({ item, processAmount: Math.min(size, length) }));
}
