/** Weights as bytes, bit for bit as ggml encodes them (ggml-quants.c, `quantize_row_q8_0_ref`; ggml-impl.h). */

export const encodings = ["F32", "F16", "Q8_0"] as const;
export type Encoding = (typeof encodings)[number];

/** Weights that share one scale in Q8_0. */
const q8BlockSize = 32;
const q8BlockBytes = 34;

/**
 * @param weights finite; for Q8_0 a multiple of 32 of them
 * @throws RangeError for a weight that the type cannot hold
 */
export function encodeWeights(weights: Float32Array, encoding: Encoding): Uint8Array {
  for (const weight of weights)
    if (!Number.isFinite(weight)) throw new RangeError(`the weight ${weight} is not finite`);
  switch (encoding) {
    case "F32":
      return encodeF32(weights);
    case "F16":
      return encodeF16(weights);
    case "Q8_0":
      return encodeQ8(weights);
  }
}

/** Bytes of `count` weights; `count` must be a multiple of 32 for Q8_0. */
export function encodedBytes(count: number, encoding: Encoding): number {
  if (encoding === "Q8_0") return (count / q8BlockSize) * q8BlockBytes;
  return count * (encoding === "F32" ? 4 : 2);
}

/** IEEE 754 half precision, round to nearest even; values beyond 65 504 become infinite. */
export function float16Bits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65 520 and more round up to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 the result is subnormal: a whole number of 2^-24.
  if (magnitude < 0x38800000) return sign | roundHalfEven(Math.abs(value) * 2 ** 24);
  // The carry of the rounding may run into the exponent, which is what it should do.
  const rounded = magnitude - 0x38000000 + 0x0fff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}

const scratch = new DataView(new ArrayBuffer(4));

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction > 0.5 || (fraction === 0.5 && floor % 2 === 1)) return floor + 1;
  return floor;
}

function encodeF32(weights: Float32Array): Uint8Array {
  const bytes = new Uint8Array(weights.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < weights.length; i++) view.setFloat32(i * 4, weights[i] as number, true);
  return bytes;
}

function encodeF16(weights: Float32Array): Uint8Array {
  const bytes = new Uint8Array(weights.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < weights.length; i++) view.setUint16(i * 2, finiteFloat16(weights[i] as number), true);
  return bytes;
}

function encodeQ8(weights: Float32Array): Uint8Array {
  if (weights.length % q8BlockSize !== 0) throw new RangeError(`${weights.length} weights are no whole Q8_0 blocks`);
  const bytes = new Uint8Array(encodedBytes(weights.length, "Q8_0"));
  const view = new DataView(bytes.buffer);
  for (let start = 0, at = 0; start < weights.length; start += q8BlockSize, at += q8BlockBytes) {
    let largest = 0;
    for (let i = 0; i < q8BlockSize; i++) largest = Math.max(largest, Math.abs(weights[start + i] as number));
    // ggml computes in single precision, so every step is rounded to it.
    const scale = Math.fround(largest / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(at, finiteFloat16(scale), true);
    for (let i = 0; i < q8BlockSize; i++)
      view.setInt8(at + 2 + i, roundHalfAway(Math.fround((weights[start + i] as number) * inverse)));
  }
  return bytes;
}

function finiteFloat16(value: number): number {
  const bits = float16Bits(value);
  if ((bits & 0x7c00) === 0x7c00) throw new RangeError(`${value} is too large for half precision`);
  return bits;
}

/** C's roundf. */
function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}
