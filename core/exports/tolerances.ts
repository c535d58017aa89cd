/** How far an export may be from the trainer, and what to do where one is farther. */
import type { QuantizationType } from "../contract/models.ts";
import type { ProofLimit } from "./proof.ts";

/** What is exported: an adapter, or a merged model of a file type; null = as merged. */
export type ExportedAs = "adapter" | QuantizationType | null;

/*
 * Root mean squares over the tokens of a proof, difference / effect of the adapter, measured on a CPU; everything between
 * the trainer and a faultless file is rounding, and rounding grows with what the adapter does:
 *   demo's model, 40 epochs of IPO (effect 4.5 nats on average, single tokens up to 34): adapter 0.002 · F32, F16, as
 *     merged, Q8_0 0.01 to 0.015 · Q5_K_M 0.07 · Q4_K_M 0.11 · Q4_0 0.19 · IQ4_XS 0.13
 *   the demo's own training (effect 0.36): adapter 0.003 · F16, Q8_0 0.006 · Q5_K_M, Q4_K_M 0.02 · Q4_0 0.04 · IQ4_XS 0.05
 *   the same with a fault, as F16: one of 28 pairs missing 0.05 to 0.13 and 0.01 to 0.034, q and k in the order of other
 *     runtimes 0.48 and 0.1, half the scale 0.9 and 0.18. After a small training rounding may take more than the least pair
 *   random weights, which amplify rounding, 7 small steps: 2 layers, effect 0.28: as merged 0.08, Q8_0 0.65, Q4_0 0.85;
 *     8 layers, effect 1.3: adapter and F16 0.016 (0.022 nats), Q8_0 0.34, Q4_0 0.21. Rounded again to the steps of its
 *     base, a small training is gone, in Q8_0 more than in others: that is no export of it.
 */

/**
 * `floor`, nats: what a file type costs whatever was trained. Models lose this much to 4 bits before anything is merged, and
 * who asks for them wants it so. `share` of the effect: above what faultless files were measured to lose. Largest differences
 * are told, not bounded: they are chance, and fell either way among fine types.
 */
const limits: Record<QuantizationType, { readonly floor: number; readonly share: number }> = {
  F32: { floor: 0.025, share: 0.0175 },
  F16: { floor: 0.025, share: 0.0175 },
  BF16: { floor: 0.1, share: 0.03 },
  Q8_0: { floor: 0.1, share: 0.03 },
  Q6_K: { floor: 0.15, share: 0.06 },
  Q5_K_M: { floor: 0.25, share: 0.12 },
  Q4_K_M: { floor: 0.4, share: 0.15 },
  Q4_0: { floor: 0.6, share: 0.18 },
  IQ4_XS: { floor: 0.6, share: 0.18 },
};

/** The trainer and llama.cpp round activations at the same places. */
const adapterLimit = { floor: 0.01, share: 0.01 };

export function limitOf(exported: ExportedAs): ProofLimit {
  if (exported === "adapter")
    return {
      ...adapterLimit,
      reason: "The file is faulty, or the runtime that opened it.",
      action: "Copy the diagnostics and report it; the training run itself is unharmed.",
    };
  const limit = limits[exported ?? "F16"];
  const finer = (["F16", "Q8_0", "Q6_K"] as const).filter((type) => limits[type].share < limit.share);
  return {
    ...limit,
    reason: `${exported ?? "Merging"} rounds away more than may be lost of this training, or the export is faulty.`,
    action: `Export ${finer.length > 0 ? `a finer file type (${finer.join(", ")}), or ` : ""}the adapter alone, of which nothing is rounded. If that is refused too, copy the diagnostics and report it.`,
  };
}
