/** How far an export may be from the trainer, nats per token. */
import type { QuantizationType } from "../alignment/nativeTrainer.ts";
import type { Tolerance } from "./proof.ts";

/**
 * The hot adapter does the trainer's own arithmetic; llama.cpp keeps keys and values in F16 and rounds activations in
 * other places, which moves single tokens by some hundredths.
 */
export const adapterTolerance: Tolerance = { mean: 0.01, max: 0.1 };

/** Merging rounds weights once, and a base that was quantized no longer rounds its activations to 8 bits. */
export const mergedTolerance: Tolerance = { mean: 0.03, max: 0.5 };

/**
 * A coarser file type is a choice, not a fault: single tokens are reported, only the mean is bounded, widely enough
 * for small models, tightly enough that a scrambled tensor (several nats) never passes.
 */
const quantizedMeans: Record<QuantizationType, Tolerance> = {
  F32: mergedTolerance,
  F16: mergedTolerance,
  BF16: { mean: 0.05, max: null },
  Q8_0: { mean: 0.05, max: null },
  Q6_K: { mean: 0.1, max: null },
  Q5_K_M: { mean: 0.2, max: null },
  Q4_K_M: { mean: 0.4, max: null },
  Q4_0: { mean: 0.6, max: null },
};

/** @param type null = as merged */
export function toleranceOf(type: QuantizationType | null): Tolerance {
  return type === null ? mergedTolerance : quantizedMeans[type];
}
