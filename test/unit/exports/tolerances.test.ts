/** What an export may lose, held against what faultless and faulty ones were measured to lose. */
import { expect, it } from "vitest";
import { type QuantizationType, quantizationTypes } from "../../../core/contract/models.ts";
import { type ExportedAs, limitOf } from "../../../core/exports/tolerances.ts";

const passes = (exported: ExportedAs, { difference, effect }: { difference: number; effect: number }) => {
  const { floor, share } = limitOf(exported);
  return difference <= floor + share * effect;
};

it("what a coarser type may lose, a finer one is not refused for, however much was trained", () => {
  // From fine to coarse; the last two take as many bits.
  const order: readonly ExportedAs[] = ["adapter", null, ...quantizationTypes];
  for (const effect of [0.01, 0.3, 1.6, 9, 40]) {
    const allowed = order.map(limitOf).map(({ floor, share }) => floor + share * effect);
    expect(allowed).toEqual(allowed.toSorted((a, b) => a - b));
  }
});

it("every type of a strong and of a usual training is an export", () => {
  // Root mean squares that the demo's model gave: 40 epochs of IPO, and the demo's own training.
  const strong = { adapter: 0.0156, merged: 0.112, F32: 0.113, F16: 0.113, BF16: 0.122, Q8_0: 0.122, Q6_K: 0.122 };
  const coarse = { Q5_K_M: 0.671, Q4_K_M: 1.005, Q4_0: 1.715, IQ4_XS: 1.229 };
  for (const [name, difference] of Object.entries({ ...strong, ...coarse })) {
    const exported = name === "merged" ? null : (name as QuantizationType | "adapter");
    expect(passes(exported, { difference, effect: 9.222 }), name).toBe(true);
  }
  for (const [exported, difference] of [
    ["adapter", 0.004],
    ["F16", 0.0076],
    ["Q8_0", 0.0079],
    ["IQ4_XS", 0.0875],
  ] as const)
    expect(passes(exported, { difference, effect: 1.616 }), exported).toBe(true);
});

it("a training that rounding took away is none, in no type", () => {
  // Seven small steps on random weights: what rounding to 8 bits again left of them.
  for (const type of quantizationTypes.slice(2))
    expect(passes(type, { difference: 0.15, effect: 0.25 }), type).toBe(false);
});
