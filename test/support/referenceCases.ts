/** Which reference cases (test/fixtures/cases) the trainer is held against, and how closely. */
import { type CaseMode, caseModes } from "./nativeCases.ts";

/** Largest difference of a log-probability and of a loss, largest relative error of a tensor. */
export interface Tolerance {
  readonly logps: number;
  readonly gradients: number;
  /** After five AdamW steps, which make a gradient of 1e-8 as long as one of 1. */
  readonly adapter: number;
  readonly trace: number;
  /** Decimal digits of losses and penalties. */
  readonly digits: number;
}

export interface HeldCase {
  readonly name: string;
  /** Losses whose gradients the case holds; they do not know the model, so one is enough for most. */
  readonly modes: readonly CaseMode[];
}

/** Rounding: up to 7e-6 of a log-probability and 4e-6 of a gradient, on the processor. */
const exact: Tolerance = { logps: 1e-5, gradients: 2e-5, adapter: 1e-4, trace: 1e-5, digits: 5 };
/** ggml's GELU on the CPU reads an F16 table; PyTorch with that table is as close to it as the exact ones are. */
const gelu: Tolerance = { logps: 5e-4, gradients: 2e-3, adapter: 5e-3, trace: 1e-3, digits: 3 };

/** @param ggml whether ggml's own operations compute where the trainer has better ones */
export function toleranceOf(name: string, ggml: boolean): Tolerance {
  return ggml && name.startsWith("gemma") ? gelu : exact;
}

const oneMode: readonly CaseMode[] = ["paper-mean"];

/** Every architecture that can be trained is among them; how to add one: scripts/reference/README.md. */
export const referenceCases: readonly HeldCase[] = [
  { name: "llama", modes: caseModes },
  { name: "llama-order", modes: caseModes },
  { name: "llama-wide", modes: caseModes },
  { name: "llama-tied", modes: oneMode },
  { name: "llama-bias", modes: oneMode },
  { name: "mistral3", modes: oneMode },
  { name: "mistral3-temperature", modes: oneMode },
  { name: "smollm3", modes: oneMode },
  { name: "qwen2", modes: caseModes },
  { name: "qwen3", modes: caseModes },
  { name: "gemma", modes: oneMode },
  { name: "gemma2", modes: oneMode },
  { name: "gemma3", modes: caseModes },
  { name: "gemma3-window", modes: caseModes },
  { name: "phi3", modes: caseModes },
  { name: "phi3-short", modes: oneMode },
  { name: "phi3-long", modes: oneMode },
  { name: "granite", modes: oneMode },
  { name: "olmo2", modes: oneMode },
  { name: "olmo2-window", modes: oneMode },
];
