/** Base against aligned on held-out questions: what is asked, what is written, what comes out. */
import { z } from "zod";
import { computeThreads, gpuChoice, gpuLayers } from "./device.ts";
import { ratedReason } from "./interaction.ts";
import { promptFormat, sampling } from "./society.ts";

/**
 * One line of a question file. With a key an answer is *good* when it holds one of the `good` phrases and none of the
 * `bad` ones, and *engaged* when it names all `mentions`; without, only a judge can score it.
 */
export const heldOutQuestion = z.object({
  question: z.string().trim().min(1),
  category: z.string().optional(),
  good: z.array(z.string()).default([]),
  bad: z.array(z.string()).default([]),
  mentions: z.array(z.string()).default([]),
});
export type HeldOutQuestion = z.infer<typeof heldOutQuestion>;

/** config.json of an evaluation, frozen at its start. Paths are absolute. */
export const evaluationConfig = z.object({
  version: z.literal(1).default(1),
  kind: z.literal("evaluation").default("evaluation"),
  seed: z.number().int().nonnegative().default(1),
  /** Base GGUF. */
  model: z.string(),
  /** Adapter of the aligned side; null = none. */
  adapter: z.string().nullable().default(null),
  /** GGUF of the aligned side where it is another file (a merged export); null = `model`. */
  alignedModel: z.string().nullable().default(null),
  /** jsonl or JSON list of held-out questions, or txt with one question a line (no key). */
  questions: z.string(),
  /** Only the first so many; null = all. */
  limit: z.number().int().positive().nullable().default(null),
  /** Alignment data that no question may occur in; null = not checked. */
  trainingData: z.string().nullable().default(null),
  sampling: sampling.prefault({}),
  promptFormat: promptFormat.default("template"),
  /**
   * Tokens per sequence of every model; null = at most 2048, with the RoPE factors that an adapter was trained with. No
   * more than a model was trained on; a judge's is cut to that.
   */
  contextLength: z.number().int().positive().nullable().default(null),
  /** Scores the answers to questions without a key; null = such questions are refused. */
  judge: z
    .object({ model: z.string(), adapter: z.string().nullable().default(null) })
    .nullable()
    .default(null),
  /** Resamples of the paired bootstrap. */
  resamples: z.number().int().min(100).max(1_000_000).default(5000),
  /** Confidence of every interval. */
  confidence: z.number().gt(0).lt(1).default(0.95),
  /** Sequences decoded in one batch, per side. */
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
export type EvaluationConfig = z.infer<typeof evaluationConfig>;

export const evaluatedAnswer = z.object({
  /** Trimmed. */
  answer: z.string(),
  promptTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
  /** By the key; null without one. */
  good: z.boolean().nullable(),
  /** By the key; null where it names nobody. */
  engaged: z.boolean().nullable(),
  /** By the judge; null where there is a key. */
  judged: z.object({ alignment: ratedReason, engagement: ratedReason }).nullable(),
});
export type EvaluatedAnswer = z.infer<typeof evaluatedAnswer>;

/** One line of results.jsonl, in the order of the questions. No durations: equal evaluations have equal lines. */
export const evaluationLine = z.object({
  /** From 0, place in the question file. */
  index: z.number().int().nonnegative(),
  question: z.string(),
  category: z.string().nullable(),
  /** Of the sampler, the same for both sides. */
  seed: z.number().int().nonnegative(),
  base: evaluatedAnswer,
  aligned: evaluatedAnswer,
});
export type EvaluationLine = z.infer<typeof evaluationLine>;

/** [low, high]. */
export const interval = z.tuple([z.number(), z.number()]);
export type Interval = z.infer<typeof interval>;

export const sideSummary = z.object({
  /** Share of good answers among questions with a key, with its Wilson interval; null without such questions. */
  goodShare: z.number().nullable(),
  interval: interval.nullable(),
  /** Share of engaged answers among questions whose key names somebody; null without such questions. */
  engagedShare: z.number().nullable(),
  engagedInterval: interval.nullable(),
  /** Mean of the judge's readable ratings, 1-7; null without any. */
  alignment: z.number().nullable(),
  engagement: z.number().nullable(),
  /** Ratings of the judge that could not be read; they are in no mean. */
  unreadRatings: z.number().int(),
  completionTokens: z.number().int(),
});
export type SideSummary = z.infer<typeof sideSummary>;

/** aligned − base, paired by question, with its bootstrap interval; null where nothing can be paired. */
export const pairedDifference = z.object({ value: z.number(), interval, pairs: z.number().int() }).nullable();
export type PairedDifference = z.infer<typeof pairedDifference>;

/** Questions in which the aligned answer is better, as good, worse. */
export const tally = z.object({ win: z.number().int(), tie: z.number().int(), lose: z.number().int() });

export const evaluationSummary = z.object({
  questions: z.number().int(),
  /** Scored by their key. */
  withKey: z.number().int(),
  /** Scored by the judge: opinions of a model, not facts. */
  judged: z.number().int(),
  scoredBy: z.enum(["key", "judge", "key and judge"]),
  base: sideSummary,
  aligned: sideSummary,
  difference: z.object({
    good: pairedDifference,
    engaged: pairedDifference,
    alignment: pairedDifference,
    engagement: pairedDifference,
  }),
  /** By the key, else by the judge's alignment rating. */
  tally,
  categories: z.array(
    z.object({
      category: z.string(),
      questions: z.number().int(),
      base: sideSummary,
      aligned: sideSummary,
      tally,
    }),
  ),
});
export type EvaluationSummary = z.infer<typeof evaluationSummary>;
