/** The demo as an experiment file (core/contract/experiment.ts): settings that differ from the defaults. */
import type { z } from "zod";
import type { experimentFile } from "../../core/contract/experiment.ts";

/**
 * The longest answer of the grammar has 27 tokens, the longest rating with its reason 16. The tail that top-p cuts off
 * is the tiny model's noise: at 1, one answer in eight stumbles over a word that belongs nowhere.
 */
const sampling = { topP: 0.9, maxTokens: 40 };

const society = {
  grid: { rows: 4, columns: 4 },
  world: { setting: "half_half" },
  peers: 4,
  rounds: 16,
  questions: { path: "questions.txt" },
  priorMemory: { path: "prior.jsonl", pairs: 6 },
  sampling,
  memory: { threshold: 0.92 },
  sequences: 32,
};

const align = {
  lora: { rank: 16, alpha: 32 },
  optimizer: { learningRate: 2e-3 },
  epochs: 3,
  maxLength: 320,
  evaluateEvery: 20,
};

const evaluation = { questions: "heldout.jsonl", sampling, sequences: 32 };

export const demoExperiment: z.input<typeof experimentFile> = {
  version: 1,
  name: "village",
  model: "../models/village-q8_0.gguf",
  sizes: {
    full: { society, align, evaluation },
    small: {
      society: { ...society, rounds: 4 },
      align: { ...align, evaluateEvery: 0 },
      evaluation: { ...evaluation, limit: 64 },
    },
  },
};
