import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { computeLoss, sft, stableAlignment } from "../../../core/alignment/losses/index.ts";
import { lossSettings, type StableAlignmentSettings, stableAlignmentLoss } from "../../../core/contract/alignment.ts";
import { randomStream } from "../../../core/random.ts";

interface ReferenceCase {
  loss: string;
  semantics?: string;
  reduction?: string;
  params: Record<string, number>;
  logps: number[][];
  scores: number[];
  /** Per token, as `logps`; only for the losses that compare pairs. */
  refLogps?: number[][];
  value: number;
  grad: number[][];
}

const reference = JSON.parse(readFileSync(new URL("../../fixtures/losses.json", import.meta.url), "utf8")) as {
  cases: ReferenceCase[];
};
const published = reference.cases.filter((row) => row.loss === "stable-alignment" || row.loss === "sft");

const settings = (over: Partial<StableAlignmentSettings>): StableAlignmentSettings =>
  stableAlignmentLoss.parse({ id: "stable-alignment", ...over });

describe("losses against PyTorch autograd", () => {
  it("has rows of every mode to compare with", () => {
    const modes = new Set(published.map((row) => `${row.loss} ${row.semantics} ${row.reduction}`));
    expect(modes.size).toBe(6);
    expect(published.length).toBeGreaterThan(40);
  });

  it.each(published.map((row, i) => [i, row.loss, row.semantics, row.reduction, row] as const))(
    "row %i: %s %s %s",
    (_, loss, semantics, reduction, row) => {
      const parsed = lossSettings.parse(
        loss === "sft" ? { id: "sft" } : { id: loss, semantics, reduction, ...row.params },
      );
      const result = computeLoss(row.logps, row.scores, parsed);
      expect(Math.abs(result.value - row.value)).toBeLessThan(1e-12);
      expect(result.dLogp.map((response) => response.length)).toEqual(row.grad.map((response) => response.length));
      result.dLogp.flat().forEach((derivative, k) => {
        expect(Math.abs(derivative - (row.grad.flat()[k] as number))).toBeLessThan(1e-12);
      });
    },
  );
});

describe("derivatives by central differences", () => {
  const modes = [
    ["paper", "sum"],
    ["paper", "mean"],
    ["paper", "max"],
    ["reference", "mean"],
    ["reference", "max"],
  ] as const;
  it.each(modes)("%s %s, random responses with and without ties", (semantics, reduction) => {
    const random = randomStream(7, semantics, reduction);
    for (let trial = 0; trial < 40; trial++) {
      const count = 1 + random.integer(6);
      const logps = Array.from({ length: count }, () =>
        Array.from({ length: 1 + random.integer(5) }, () => -3 * random.uniform() - 0.01),
      );
      const scores = logps.map(() => 1 + random.integer(7));
      const chosen = settings({ semantics, reduction, margin: trial % 2 ? 1 : 3, ratio: 0.7 });
      const { dLogp } = stableAlignment(logps, scores, chosen);
      for (const [r, response] of logps.entries())
        for (const t of response.keys()) {
          const moved = (delta: number) =>
            stableAlignment(
              logps.map((other, i) => (i === r ? other.map((x, j) => (j === t ? x + delta : x)) : other)),
              scores,
              chosen,
            ).value;
          const numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
          expect(dLogp[r]?.[t]).toBeCloseTo(numeric, 7);
        }
    }
  });
});

describe("what the method promises", () => {
  const logps = [[-1, -2], [-0.5], [-3, -1, -2], [-0.2]];

  it("paper: equal ratings are never pushed down, and a full tie is plain SFT of the first", () => {
    const tied = stableAlignment(logps, [5, 5, 5, 5], settings({}));
    expect(tied).toEqual(sft(logps, [5, 5, 5, 5]));
    expect(tied.dLogp[1]).toEqual([0]);
    expect(tied.metrics).toMatchObject({ best: 0, penalty: 0, margin: null, accuracy: null, pairs: 0 });
    const partly = stableAlignment(logps, [5, 5, 2, 1], settings({ margin: 50 }));
    expect(partly.dLogp[1]).toEqual([0]);
    expect(partly.dLogp[2]?.every((derivative) => derivative > 0)).toBe(true);
  });

  it("paper: a closed hinge of one response does not pay for an open one of another; reference: it does", () => {
    const nlls = [[-1], [-9], [-1]];
    const scores = [7, 6, 5];
    const paper = stableAlignment(nlls, scores, settings({ reduction: "mean" }));
    expect(paper.metrics.penalty).toBeCloseTo(2 / 7 / 2, 12);
    const released = stableAlignment(nlls, scores, settings({ semantics: "reference", reduction: "mean" }));
    expect(released.metrics.penalty).toBe(0);
  });

  it("reference: [3, 5, 7] has margins that sum to 2 rating points instead of 6", () => {
    // sorted [7, 5, 3] read at the original indexes 0 and 1: gaps 0 and 2, where the ratings' own gaps are 4 and 2
    const flat = [[-1], [-1], [-1]];
    const released = stableAlignment(
      flat,
      [3, 5, 7],
      settings({ semantics: "reference", reduction: "mean", margin: 7 }),
    );
    expect(released.metrics.penalty).toBeCloseTo(1, 12);
    const paper = stableAlignment(flat, [3, 5, 7], settings({ reduction: "mean", margin: 7 }));
    expect(paper.metrics.penalty).toBeCloseTo(3, 12);
  });

  it("reports margin and accuracy over the strictly lower-rated responses", () => {
    const { metrics } = stableAlignment(logps, [7, 7, 3, 2], settings({}));
    expect(metrics.pairs).toBe(2);
    expect(metrics.margin).toBeCloseTo((2 - 1.5 + (0.2 - 1.5)) / 2, 12);
    expect(metrics.accuracy).toBe(0.5);
  });

  it("lets no NaN disappear in a hinge", () => {
    for (const [semantics, reduction] of [
      ["paper", "sum"],
      ["paper", "max"],
      ["reference", "mean"],
      ["reference", "max"],
    ] as const)
      expect(
        stableAlignment([[-1], [Number.NaN], [-2]], [7, 3, 2], settings({ semantics, reduction })).value,
      ).toBeNaN();
  });

  it("refuses the sum that the released code does not have", () => {
    expect(() => stableAlignment(logps, [1, 2, 3, 4], settings({ semantics: "reference" }))).toThrowError(
      expect.objectContaining({ code: "bad-setting" }),
    );
  });
});
