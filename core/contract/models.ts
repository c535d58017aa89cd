/** What can be said about a model file without loading it. */
import { z } from "zod";

/** File types that merge and quantize can write, by llama.cpp's names. */
export const quantizationTypes = ["F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "IQ4_XS"] as const;
export const quantizationType = z.enum(quantizationTypes);
export type QuantizationType = z.infer<typeof quantizationType>;

/** Bytes that running a model takes, by part; an estimate from shapes alone. */
export const memoryEstimate = z.object({
  /** The weights as they lie in the file. */
  weights: z.number(),
  /** Keys and values of all sequences, F16. */
  keyValueCache: z.number(),
  /** Logits and activations of one batch. */
  compute: z.number(),
  total: z.number(),
  /** What the estimate was made for. */
  sequences: z.number().int(),
  contextSize: z.number().int(),
});
export type MemoryEstimate = z.infer<typeof memoryEstimate>;

export const modelFile = z.object({
  path: z.string(),
  bytes: z.number(),
  /** SHA-256, null when not asked for. */
  hash: z.string().nullable(),
});
export type ModelFile = z.infer<typeof modelFile>;

export const modelDescription = z.object({
  /** The file; of a model in several files the first. */
  path: z.string(),
  /** `adapter`: a LoRA in llama.cpp's format, not a model by itself. */
  kind: z.enum(["model", "adapter"]),
  /** Of all files together. */
  bytes: z.number(),
  /**
   * SHA-256 of the file, null when not asked for. Of a model in several files: of their hashes, one a line
   * (`sha256sum NAME-*.gguf | cut -d" " -f1 | sha256sum`).
   */
  hash: z.string().nullable(),
  /** In order; one for a model in one file. */
  files: z.array(modelFile),
  /** llama.cpp's name of the architecture, e.g. `llama`, `qwen3`. */
  architecture: z.string(),
  name: z.string().nullable(),
  licence: z.string().nullable(),
  /** Weights in all tensors (an adapter counts its own). */
  parameters: z.number(),
  /** Type of most weights, e.g. `Q8_0`, and the share of weights per type. */
  quantization: z.string(),
  quantizationMix: z.record(z.string(), z.number()),
  contextLength: z.number().int().nullable(),
  embedding: z.number().int().nullable(),
  layers: z.number().int().nullable(),
  heads: z.number().int().nullable(),
  kvHeads: z.number().int().nullable(),
  feedForward: z.number().int().nullable(),
  vocabulary: z.number().int().nullable(),
  /** `llama` (SPM), `gpt2` (BPE), … with the pre-tokenizer where the file names one. */
  tokenizer: z.string().nullable(),
  hasChatTemplate: z.boolean(),
  /** Whether our own trainer can train it, with the reason when it cannot. */
  trainable: z.object({ possible: z.boolean(), reason: z.string().nullable() }),
  /** Null for adapters. */
  memory: memoryEstimate.nullable(),
  /** Rank and alpha of an adapter, null for models. */
  adapter: z.object({ rank: z.number().int(), alpha: z.number() }).nullable(),
});
export type ModelDescription = z.infer<typeof modelDescription>;
