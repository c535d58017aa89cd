/** Everything a user can set about a society. Defaults: definitions.md ("Defaults, society"). */
import { z } from "zod";
import { semantics } from "./alignment.ts";
import { computeThreads, gpuChoice, gpuLayers } from "./device.ts";

export const worldSettings = ["all_good", "all_bad", "half_half", "mixed_half_half", "custom"] as const;

export const sampling = z.object({
  temperature: z.number().min(0).default(1),
  /** 1 = off. */
  topP: z.number().min(0).max(1).default(1),
  maxTokens: z.number().int().positive().default(256),
});
export type Sampling = z.infer<typeof sampling>;

/** How an instruction becomes the text that a model reads: the one Alpaca-style template, or the GGUF's own chat template. */
export const promptFormat = z.enum(["template", "chat"]);
export type PromptFormat = z.infer<typeof promptFormat>;

/** Agents that share a model; a society may mix several. `share` is a weight, normalized over populations. */
export const population = z.object({
  model: z.string(),
  adapter: z.string().nullable().default(null),
  share: z.number().positive().default(1),
});

/** config.json of a society run, frozen at its start. Paths are absolute. */
export const societyConfig = z.object({
  version: z.literal(1).default(1),
  kind: z.literal("society").default("society"),
  seed: z.number().int().nonnegative().default(1),
  deterministic: z.boolean().default(true),
  semantics: semantics.default("paper"),
  grid: z
    .object({ rows: z.number().int().min(1).max(40), columns: z.number().int().min(1).max(40) })
    .default({ rows: 4, columns: 4 }),
  world: z
    .object({
      setting: z.enum(worldSettings).default("half_half"),
      /** Share of good agents, read only by `custom`. */
      goodShare: z.number().min(0).max(1).default(0.5),
    })
    .prefault({}),
  interaction: z.enum(["local", "global"]).default("local"),
  /** Euclidean neighbourhood; null = ⌊grid/2⌋ of the longer side. */
  radius: z.number().nonnegative().nullable().default(null),
  /** Peers asked per question; 0 = self-critique only. */
  peers: z.number().int().nonnegative().default(4),
  /** Probability that an asked peer stays silent. */
  dropout: z.number().min(0).max(1).default(0),
  rounds: z.number().int().positive().default(4),
  questions: z.object({
    /** txt (one a line), jsonl or csv with a `question` field. */
    path: z.string(),
    order: z.enum(["given", "shuffled"]).default("shuffled"),
  }),
  priorMemory: z
    .object({
      /** JSON array or jsonl of {question, response, morality_label: good | bad}; null = agents start empty. */
      path: z.string().nullable().default(null),
      /** Pairs per agent. */
      pairs: z.number().int().nonnegative().default(50),
    })
    .prefault({}),
  /** One line each; agent i gets persona i modulo their number. Empty = none. */
  personas: z.array(z.string()).default([]),
  populations: z.array(population).min(1),
  /** null = the first population's model without adapter. */
  observer: z
    .object({ model: z.string(), adapter: z.string().nullable().default(null) })
    .nullable()
    .default(null),
  sampling: sampling.prefault({}),
  promptFormat: promptFormat.default("template"),
  /**
   * Tokens per sequence of every model; null = at most 2048, with the RoPE factors that an adapter was trained with. No
   * more than a model was trained on.
   */
  contextLength: z.number().int().positive().nullable().default(null),
  memory: z
    .object({
      /** Largest cosine distance at which a memory is recalled. */
      threshold: z.number().min(0).max(2).default(0.3),
      /** `lexical`, or the path of an embedding GGUF. */
      embedder: z.string().default("lexical"),
    })
    .prefault({}),
  revisions: z.number().int().min(1).max(8).default(1),
  /** Sequences decoded in one batch. */
  sequences: z.number().int().min(1).max(256).default(16),
  /** Compute threads; 0 = as many as there are cores. */
  threads: computeThreads.default(0),
  /**
   * Where the models compute; `auto`: a real GPU where they are large enough to gain by it, else the processor. Only the
   * processor promises equal texts for equal seeds whatever the driver.
   */
  gpu: gpuChoice.default("auto"),
  /** Layers that live on the GPU; the others stay on the processor. */
  gpuLayers: gpuLayers.default("auto"),
});
export type SocietyConfig = z.infer<typeof societyConfig>;
export type SocietyConfigInput = z.input<typeof societyConfig>;
