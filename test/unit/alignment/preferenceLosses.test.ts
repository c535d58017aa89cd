import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { computeLoss, needsPairs, needsReference } from "../../../core/alignment/losses/index.ts";
import { log1mexp, logSigmoid, sigmoid } from "../../../core/alignment/losses/numerics.ts";
import { type LossSettings, lossSettings } from "../../../core/contract/alignment.ts";
import { randomStream } from "../../../core/random.ts";

interface ReferenceCase {
  loss: string;
  params: Record<string, number>;
  logps: number[][];
  refLogps?: number[][];
  scores: number[];
  value: number;
  grad: number[][];
}

const ids = ["dpo", "ipo", "simpo", "orpo", "cpo-xu"] as const;
const all = JSON.parse(readFileSync(new URL("../../fixtures/losses.json", import.meta.url), "utf8")) as {
  cases: ReferenceCase[];
};
const rows = all.cases.filter((row) => ids.some((id) => id === row.loss));
const total = (response: readonly number[]) => response.reduce((sum, x) => sum + x, 0);
const loss = (value: unknown): LossSettings => lossSettings.parse(value);

/** Random questions of one to six responses, long and short, with and without ties. */
function question(seed: number) {
  const random = randomStream(seed, "preference");
  const count = 1 + random.integer(6);
  const responses = () =>
    Array.from({ length: count }, (_, r) =>
      Array.from({ length: 1 + ((seed + r) % 5) }, () => -3 * random.uniform() - 0.01),
    );
  return {
    logps: responses(),
    refLogps: responses().map(total),
    scores: Array.from({ length: count }, () => 1 + random.integer(4)),
  };
}

describe("pair losses against PyTorch autograd", () => {
  it("has rows of every loss to compare with", () => {
    for (const id of ids) expect(rows.filter((row) => row.loss === id).length, id).toBeGreaterThan(7);
  });

  it.each(rows.map((row, i) => [i, row.loss, row] as const))("row %i: %s", (_, id, row) => {
    const result = computeLoss(row.logps, row.scores, loss({ id, ...row.params }), (row.refLogps ?? []).map(total));
    expect(Math.abs(result.value - row.value)).toBeLessThan(1e-10);
    expect(result.dLogp.map((response) => response.length)).toEqual(row.grad.map((response) => response.length));
    result.dLogp.flat().forEach((derivative, k) => {
      expect(Math.abs(derivative - (row.grad.flat()[k] as number))).toBeLessThan(1e-10);
    });
  });
});

const mixed = {
  id: "mixture",
  losses: [
    { weight: 0.7, loss: { id: "ipo", beta: 0.5 } },
    { weight: 0.4, loss: { id: "orpo", beta: 0.3 } },
    { weight: 1.3, loss: { id: "stable-alignment", margin: 2 } },
  ],
};

describe("derivatives by central differences", () => {
  it.each([...ids.map((id) => ({ id, beta: 0.4 })), mixed])("$id", (settings) => {
    const chosen = loss(settings);
    for (let seed = 0; seed < 40; seed++) {
      const { logps, refLogps, scores } = question(seed);
      const { dLogp } = computeLoss(logps, scores, chosen, refLogps);
      for (const [r, response] of logps.entries())
        for (const t of response.keys()) {
          const moved = (delta: number) =>
            computeLoss(
              logps.map((other, i) => (i === r ? other.map((x, j) => (j === t ? x + delta : x)) : other)),
              scores,
              chosen,
              refLogps,
            ).value;
          const numeric = (moved(1e-6) - moved(-1e-6)) / 2e-6;
          expect(Math.abs((dLogp[r]?.[t] ?? Number.NaN) - numeric)).toBeLessThan(2e-8 * (1 + Math.abs(numeric)));
        }
    }
  });
});

describe("what a pair loss promises", () => {
  const logps = [[-1, -2], [-0.5], [-3, -1, -2], [-0.2]];

  it.each(ids)("%s: three lower-rated responses are the mean of the three pairs; ties are no pair", (id) => {
    const settings = loss({ id });
    const refLogps = [-2, -1, -5, -1];
    const whole = computeLoss(logps, [7, 3, 2, 1], settings, refLogps);
    const pairs = [1, 2, 3].map((i) =>
      computeLoss([logps[0], logps[i]] as number[][], [7, 3], settings, [refLogps[0], refLogps[i]] as number[]),
    );
    const mean = (values: number[]) => total(values) / 3;
    expect(whole.value).toBeCloseTo(mean(pairs.map((pair) => pair.value)), 12);
    expect(whole.dLogp[0]?.[0]).toBeCloseTo(mean(pairs.map((pair) => pair.dLogp[0]?.[0] as number)), 12);
    expect(whole.dLogp[2]?.[0]).toBeCloseTo((pairs[1]?.dLogp[1]?.[0] as number) / 3, 12);
    expect(whole.metrics["rewards/margins"]).toBeCloseTo(
      mean(pairs.map((p) => p.metrics["rewards/margins"] as number)),
      12,
    );

    const tied = computeLoss(logps, [7, 7, 2, 1], settings, refLogps);
    expect(tied.dLogp[1]).toEqual([0]);
    expect(tied.metrics.pairs).toBe(2);
    expect(whole.dLogp[3]?.every((derivative) => derivative > 0)).toBe(true);
  });

  it("without a pair the likelihood of the best is all that is left, and dpo, ipo and simpo teach nothing", () => {
    for (const id of ids) {
      const result = computeLoss(logps, [5, 5, 5, 5], loss({ id }), [-1, -1, -1, -1]);
      const hasLikelihood = id === "orpo" || id === "cpo-xu";
      expect(result.value, id).toBe(hasLikelihood ? 1.5 : 0);
      expect(result.dLogp.flat().some((derivative) => derivative !== 0)).toBe(hasLikelihood);
      expect(result.metrics).toMatchObject({ pairs: 0, "rewards/margins": null, "logps/chosen": null });
      expect(needsPairs(loss({ id }))).toBe(!hasLikelihood);
    }
    expect(needsPairs(loss(mixed))).toBe(false);
  });

  it("names the losses that need the model as it was: dpo and ipo, alone or in a mixture", () => {
    expect(ids.filter((id) => needsReference(loss({ id })))).toEqual(["dpo", "ipo"]);
    expect(needsReference(loss(mixed))).toBe(true);
    expect(needsReference(loss({ id: "stable-alignment" }))).toBe(false);
  });

  it("dpo starts at ln 2 with margins of 0 where policy and reference are one; ipo at 1/(2β)²", () => {
    const refLogps = logps.map(total);
    const dpo = computeLoss(logps, [7, 3, 2, 1], loss({ id: "dpo" }), refLogps);
    expect(dpo.value).toBeCloseTo(Math.LN2, 14);
    expect(dpo.metrics).toMatchObject({ "rewards/margins": 0, "rewards/accuracies": 0, "rewards/chosen": 0 });
    expect(computeLoss(logps, [7, 3, 2, 1], loss({ id: "ipo", beta: 0.5 }), refLogps).value).toBeCloseTo(1, 14);
  });

  it("rewards are β times the log-ratio (dpo), its mean per token (ipo), the mean (simpo, orpo), the sum (cpo-xu)", () => {
    const refLogps = [-2, -4, -5, -1];
    const rewards = (id: string) => {
      const { metrics } = computeLoss([[-1, -2], [-6]], [7, 1], loss({ id, beta: 0.5 }), refLogps);
      expect(metrics).toMatchObject({ "logps/chosen": -3, "logps/rejected": -6, "rewards/accuracies": 1 });
      return [metrics["rewards/chosen"], metrics["rewards/rejected"]];
    };
    expect(rewards("dpo")).toEqual([-0.5, -1]);
    expect(rewards("ipo")).toEqual([-0.25, -1]);
    expect(rewards("simpo")).toEqual([-0.75, -3]);
    expect(rewards("orpo")).toEqual([-0.75, -3]);
    expect(rewards("cpo-xu")).toEqual([-1.5, -3]);
    expect(computeLoss(logps, [7, 3, 2, 1], loss({ id: "sft" })).metrics["rewards/margins"]).toBeNull();
  });

  it("a mixture is its weighted parts, with the rewards of the first part that has some", () => {
    const { logps: responses, refLogps, scores } = question(3);
    const parts = mixed.losses.map(({ weight, loss: part }) => ({
      weight,
      result: computeLoss(responses, scores, loss(part), refLogps),
    }));
    const whole = computeLoss(responses, scores, loss(mixed), refLogps);
    expect(whole.value).toBeCloseTo(total(parts.map(({ weight, result }) => weight * result.value)), 12);
    expect(whole.metrics["rewards/margins"]).toBe(parts[0]?.result.metrics["rewards/margins"]);
    expect(() => loss({ id: "mixture", losses: [] })).toThrow();
    expect(() => loss({ id: "mixture", losses: [{ weight: 1, loss: mixed }] })).toThrow();
  });

  it("stays finite where probabilities do: certain, hopeless and very long responses", () => {
    const certain = [[0, 0, 0], [0]];
    const hopeless = Array.from({ length: 2 }, () => Array.from({ length: 4000 }, () => -87));
    for (const id of ids)
      for (const responses of [
        certain,
        hopeless,
        [certain[0], hopeless[0]],
        [hopeless[0], certain[1]],
      ] as number[][][]) {
        const { value, dLogp } = computeLoss(responses, [7, 1], loss({ id }), [-1e6, 0]);
        expect(Number.isFinite(value), id).toBe(true);
        expect(dLogp.flat().every(Number.isFinite), id).toBe(true);
      }
  });

  it("lets no NaN disappear", () => {
    for (const id of ids)
      expect(computeLoss([[-1], [Number.NaN], [-2]], [7, 3, 2], loss({ id }), [-1, -1, -1]).value, id).toBeNaN();
  });
});

describe("numerics", () => {
  it("keeps what the plain formulas lose", () => {
    expect(logSigmoid(-1000)).toBe(-1000);
    expect(logSigmoid(50)).toBeCloseTo(-Math.exp(-50), 30);
    expect(sigmoid(-800)).toBe(0);
    expect(sigmoid(800)).toBe(1);
    expect(log1mexp(-1e-10)).toBeCloseTo(Math.log(1e-10), 9);
    expect(log1mexp(-40)).toBeCloseTo(-Math.exp(-40), 25);
    expect(Math.abs(log1mexp(-Math.LN2) - Math.log(0.5))).toBeLessThan(1e-15);
  });
});
