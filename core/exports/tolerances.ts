/** How far an export may be from the trainer, nats per token. */
import type { QuantizationType } from "../contract/models.ts";
import type { Tolerance } from "./proof.ts";

/*
 * Mean and largest difference over 787 tokens, measured on a CPU with Q8_0 Llamas of random weights; these amplify
 * rounding more than trained ones do:
 *   2 layers, 256 wide, effect 11 nats: adapter 0.00004, 0.012 · as merged 0.006, 0.055 · F16 0.005, 0.049 ·
 *     Q8_0 0.006, 0.070 · Q6_K 0.016, 0.13 · Q5_K_M 0.023, 0.24 · Q4_K_M 0.037, 0.43 · Q4_0 0.046, 0.64
 *   8 layers, 512 wide, effect 6: adapter 0.006, 0.068 · as merged 0.018, 0.071 · Q8_0 0.021, 0.092 · Q4_0 0.30, 0.81
 *   2 layers after 7 small steps, effect 0.21: adapter 0.0002, 0.033 · as merged 0.019, 0.081 · Q8_0 0.13, 0.28
 * The last line is why the proof exists: rounding to 8 bits again took most of a small training away, and a Q8_0
 * export of it is refused.
 */

/** The hot adapter does the trainer's own arithmetic; what differs is where activations are rounded. */
export const adapterTolerance: Tolerance = { mean: 0.01, max: 0.25 };

/** Merging rounds weights once, and a base that was quantized no longer rounds its activations to 8 bits. */
export const mergedTolerance: Tolerance = { mean: 0.05, max: 0.5 };

/** A coarser file type is a choice, not a fault: single tokens are reported, only the mean is bounded. */
const quantizedMeans: Record<QuantizationType, Tolerance> = {
  F32: mergedTolerance,
  F16: mergedTolerance,
  BF16: { mean: 0.1, max: null },
  Q8_0: { mean: 0.1, max: null },
  Q6_K: { mean: 0.15, max: null },
  Q5_K_M: { mean: 0.25, max: null },
  Q4_K_M: { mean: 0.4, max: null },
  Q4_0: { mean: 0.6, max: null },
  IQ4_XS: { mean: 0.4, max: null },
};

/** @param type null = as merged */
export function toleranceOf(type: QuantizationType | null): Tolerance {
  return type === null ? mergedTolerance : quantizedMeans[type];
}
