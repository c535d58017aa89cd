import { describe, expect, test } from "vitest";
import { encodeWeights, float16Bits } from "../../../core/models/tensorEncoding.ts";
import { randomStream } from "../../../core/random.ts";

/** The value of half-precision bits, by the definition of IEEE 754. */
function valueOfFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

describe("half precision", () => {
  test("every one of the 65 536 values survives unchanged", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = valueOfFloat16(bits);
      expect(float16Bits(value)).toBe(Number.isNaN(value) ? 0x7e00 : bits);
    }
  });

  test("values between two neighbors go to the nearer one, ties to the even one", () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = valueOfFloat16(bits);
      const high = valueOfFloat16(bits + 1);
      const middle = (low + high) / 2;
      expect(float16Bits(Math.fround(middle))).toBe(bits % 2 === 0 ? bits : bits + 1);
      expect(float16Bits(Math.fround(low + (high - low) * 0.25))).toBe(bits);
      expect(float16Bits(Math.fround(low + (high - low) * 0.75))).toBe(bits + 1);
    }
  });

  test("what is too large becomes infinite, not a wrong number", () => {
    expect(float16Bits(65_519)).toBe(0x7bff);
    expect(float16Bits(65_520)).toBe(0x7c00);
    expect(float16Bits(-1e30)).toBe(0xfc00);
  });
});

describe("Q8_0", () => {
  test("a block as ggml's quantize_row_q8_0_ref encodes it", () => {
    // 127 makes the scale 1, so the eight-bit numbers are the rounded weights; halves go away from zero.
    const weights = new Float32Array(32);
    weights.set([127, -127, 0.5, -0.5, 1.49, 2.5, -2.5, 0.4999]);
    const bytes = encodeWeights(weights, "Q8_0");
    expect(bytes.length).toBe(34);
    expect([...bytes.slice(0, 2)]).toEqual([0x00, 0x3c]);
    expect([...new Int8Array(bytes.buffer, 2, 8)]).toEqual([127, -127, 1, -1, 1, 3, -3, 0]);
  });

  test("a block of zeros has scale zero", () => {
    expect(encodeWeights(new Float32Array(32), "Q8_0").every((byte) => byte === 0)).toBe(true);
  });

  test("no weight is farther from its decoded value than half a step", () => {
    const random = randomStream(1, "q8");
    const weights = Float32Array.from({ length: 3200 }, () => random.normal() * 0.02);
    const bytes = encodeWeights(weights, "Q8_0");
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < weights.length; i++) {
      const block = Math.floor(i / 32) * 34;
      const scale = valueOfFloat16(view.getUint16(block, true));
      const decoded = scale * view.getInt8(block + 2 + (i % 32));
      // Half a step, and 127 times the rounding of the scale itself.
      expect(Math.abs(decoded - (weights[i] as number))).toBeLessThan(scale * (0.5 + 127 / 2048) + 1e-9);
    }
  });

  test.each([
    ["a NaN", Number.NaN, "F32"],
    ["an infinity", Number.POSITIVE_INFINITY, "Q8_0"],
    ["a weight beyond half precision", 70_000, "F16"],
    ["a scale beyond half precision", 1e8, "Q8_0"],
  ] as const)("refuses %s", (_, weight, encoding) => {
    expect(() => encodeWeights(new Float32Array(32).fill(weight), encoding)).toThrow(RangeError);
  });
});
