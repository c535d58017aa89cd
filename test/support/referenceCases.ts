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
  readonly within: Tolerance;
  /** Losses whose gradients the case holds; they do not know the model, so one is enough for most. */
  readonly modes: readonly CaseMode[];
}

/** Rounding: up to 7e-6 of a log-probability and 4e-6 of a gradient, on the processor. */
const exact: Tolerance = { logps: 1e-5, gradients: 2e-5, adapter: 1e-4, trace: 1e-5, digits: 5 };
/** ggml's GELU on the CPU reads an F16 table; PyTorch with that table is as close to it as the exact ones are. */
const gelu: Tolerance = { logps: 5e-4, gradients: 2e-3, adapter: 5e-3, trace: 1e-3, digits: 3 };
const oneMode: readonly CaseMode[] = ["paper-mean"];

/** Every architecture that can be trained is among them; how to add one: scripts/reference/README.md. */
export const referenceCases: readonly HeldCase[] = [
  { name: "llama", within: exact, modes: caseModes },
  { name: "llama-order", within: exact, modes: caseModes },
  { name: "llama-wide", within: exact, modes: caseModes },
  { name: "llama-tied", within: exact, modes: oneMode },
  { name: "llama-bias", within: exact, modes: oneMode },
  { name: "mistral3", within: exact, modes: oneMode },
  { name: "mistral3-temperature", within: exact, modes: oneMode },
  { name: "smollm3", within: exact, modes: oneMode },
  { name: "qwen2", within: exact, modes: caseModes },
  { name: "qwen3", within: exact, modes: caseModes },
  { name: "gemma", within: gelu, modes: oneMode },
  { name: "gemma2", within: gelu, modes: oneMode },
  { name: "gemma3", within: gelu, modes: caseModes },
  { name: "gemma3-window", within: gelu, modes: caseModes },
  { name: "phi3", within: exact, modes: caseModes },
  { name: "phi3-short", within: exact, modes: oneMode },
  { name: "phi3-long", within: exact, modes: oneMode },
  { name: "granite", within: exact, modes: oneMode },
  { name: "olmo2", within: exact, modes: oneMode },
  { name: "olmo2-window", within: exact, modes: oneMode },
];
