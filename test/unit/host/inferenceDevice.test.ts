import { expect, test } from "vitest";
import { isWorthAGpu } from "../../../core/host/inferenceDevice.ts";

const gib = 2 ** 30;

test("auto asks for a card where the models are large, and takes one with room for a half of it all", () => {
  const large = { weights: 4 * gib, total: 6 * gib };
  expect(isWorthAGpu(large, null)).toBe(true);
  expect(isWorthAGpu(large, 3 * gib)).toBe(true);
  expect(isWorthAGpu(large, 2.9 * gib)).toBe(false);
  expect(isWorthAGpu({ weights: 0.25 * gib, total: 6 * gib }, null)).toBe(false);
  expect(isWorthAGpu({ weights: 0.25 * gib, total: 6 * gib }, 80 * gib)).toBe(false);
});
