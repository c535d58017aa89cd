import { describe, expect, it } from "vitest";
import { bestPoint, hasStalled } from "../../../core/alignment/earlyStop.ts";

const curve = (...losses: number[]) => losses.map((loss, i) => ({ step: i * 5, loss, accuracy: null }));

describe("best point", () => {
  it("is the earliest of least loss; none where no point is better than the base", () => {
    expect(bestPoint(curve(3, 4, 2, 2, 4))?.step).toBe(10);
    expect(bestPoint(curve(1, 3, 2, 1))).toBeUndefined();
    expect(bestPoint(curve(1))).toBeUndefined();
    expect(bestPoint([])).toBeUndefined();
  });
});

describe("early stop", () => {
  const stalls = (patience: number, losses: number[], minimumGain = 0) =>
    losses.findIndex((_, i) => hasStalled(curve(9, ...losses.slice(0, i + 1)), { patience, minimumGain }));

  it("ends after so many points in a row that are no better than the best, not than the one before", () => {
    expect(stalls(2, [5, 4, 4.5, 4.2, 3])).toBe(3);
    expect(stalls(3, [5, 4, 4.5, 4.2, 3, 3, 3, 3])).toBe(7);
    expect(stalls(1, [5, 4, 3, 3])).toBe(3);
    expect(stalls(0, [5, 6, 7, 8])).toBe(-1);
  });

  it("waits from the base on: a run that only gets worse is not kept going by its own bad points", () => {
    expect(hasStalled(curve(1, 5, 4), { patience: 2, minimumGain: 0 })).toBe(true);
    expect(hasStalled(curve(1, 5, 0.9), { patience: 2, minimumGain: 0 })).toBe(false);
  });

  it("a gain that is too small is none, but what is gained adds up", () => {
    expect(stalls(2, [5, 4.95, 4.9], 0.1)).toBe(2);
    expect(stalls(3, [5, 4.95, 4.89, 4.85, 4.7], 0.1)).toBe(-1);
  });
});
