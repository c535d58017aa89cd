import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import type { JobEvent } from "../../../core/contract/events.ts";
import { threadCount } from "../../../core/models/llama/runtime.ts";
import { tellThreads } from "../../../core/models/threads.ts";

test("more threads than cores are not taken, and whoever asked for them is told", () => {
  const large = 2 ** 30;
  expect(threadCount(availableParallelism() + 98, large)).toBe(availableParallelism());
  expect(threadCount(1, large)).toBe(1);
  const said = (asked: number) => {
    const events: JobEvent[] = [];
    tellThreads(asked, (event) => events.push(event), 2);
    return events;
  };
  expect(said(12)).toEqual([
    expect.objectContaining({
      type: "warning",
      message: "12 threads were asked for, and this machine has 2 cores: it computes with 2.",
    }),
  ]);
  for (const asked of [0, 1, 2]) expect(said(asked)).toEqual([]);
});
