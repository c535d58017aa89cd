/** What an export may lose, held against what faultless and faulty ones were measured to lose. */
import { expect, it } from "vitest";
import { type QuantizationType, quantizationTypes } from "../../../core/contract/models.ts";
import { allowedDifference } from "../../../core/exports/proof.ts";
import { type ExportedAs, limitOf } from "../../../core/exports/tolerances.ts";

const passes = (exported: ExportedAs, { difference, effect }: { difference: number; effect: number }) => {
  return difference <= allowedDifference(limitOf(exported), effect);
};

it("the finer a type, the less it may lose, however much was trained", () => {
  // From fine to coarse; the last two take as many bits.
  const order: readonly ExportedAs[] = ["adapter", null, ...quantizationTypes];
  for (const effect of [0.01, 0.3, 1.6, 9, 40]) {
    const allowed = order.map((type) => allowedDifference(limitOf(type), effect));
    expect(allowed).toEqual(allowed.toSorted((a, b) => a - b));
  }
});

it("a strong and a usual training are exports in every type", () => {
  // Root mean squares that the demo's model gave: 40 epochs of IPO, and the demo's own training.
  const strong = { adapter: 0.0156, merged: 0.112, F32: 0.113, F16: 0.113, BF16: 0.122, Q8_0: 0.122, Q6_K: 0.122 };
  const coarse = { Q5_K_M: 0.671, Q4_K_M: 1.005, IQ4_XS: 1.229 };
  for (const [name, difference] of Object.entries({ ...strong, ...coarse })) {
    const exported = name === "merged" ? null : (name as QuantizationType | "adapter");
    expect(passes(exported, { difference, effect: 9.222 }), name).toBe(true);
  }
  expect(passes("Q4_0", { difference: 1.715, effect: 9.222 })).toBe(true);
  // What 4 bits cost a base of 16 by themselves, beside a mild training.
  expect(passes("Q4_K_M", { difference: 0.25, effect: 0.7 })).toBe(true);
  for (const [exported, difference] of [
    ["adapter", 0.004],
    ["F16", 0.0076],
    ["Q8_0", 0.0079],
    ["IQ4_XS", 0.0875],
  ] as const)
    expect(passes(exported, { difference, effect: 1.616 }), exported).toBe(true);
});

it("a small training that rounding took away is refused; finer types pass", () => {
  // Seven small steps on random weights: 2 layers, then 8.
  for (const [exported, difference, expected] of [
    ["adapter", 0.0088, true],
    [null, 0.0234, true],
    ["F16", 0.0197, true],
    ["Q8_0", 0.1969, false],
    ["Q4_0", 0.2566, false],
  ] as const)
    expect(passes(exported, { difference, effect: 0.302 }), `${exported}`).toBe(expected);
  for (const [exported, difference, expected] of [
    ["adapter", 0.0217, true],
    [null, 0.0256, true],
    ["F16", 0.0212, true],
    ["Q8_0", 0.4551, false],
    // 79 % of it is left, which is what was asked for.
    ["Q4_0", 0.2892, true],
  ] as const)
    expect(passes(exported, { difference, effect: 1.353 }), `${exported}`).toBe(expected);
});
