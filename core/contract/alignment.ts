/** Alignment data and the settings of an alignment run. Defaults: definitions.md ("Loss", "LoRA and optimizer"). */
import { z } from "zod";
import { computeThreads, gpuChoice, gpuLayers } from "./device.ts";

export const semantics = z.enum(["paper", "reference"]);
export type Semantics = z.infer<typeof semantics>;

export const rowKinds = ["imitation", "self-critic", "realignment"] as const;

/**
 * One training row: a query (the rendered prompt, as the model reads it) with responses and their scores
 * (1-7, higher is better). `responses`, `scores` and `models` are parallel arrays.
 */
export const alignmentRow = z
  .object({
    kind: z.enum(rowKinds),
    query: z.string().min(1),
    responses: z.array(z.string()).min(1),
    scores: z.array(z.number()),
    models: z.array(z.string()),
    /** Ids of the interactions that the row was made from. */
    source: z.array(z.string()),
  })
  .refine((row) => row.scores.length === row.responses.length && row.models.length === row.responses.length, {
    message: "responses, scores and models must have the same length",
  });
export type AlignmentRow = z.infer<typeof alignmentRow>;

/** A finite number, or the digits of one in a string, as the published files hold them; never null or empty. */
const scoreLike = z.union(
  [
    z.number(),
    z
      .string()
      .regex(/^\s*[+-]?\d+(\.\d+)?\s*$/)
      .transform(Number),
  ],
  "must be a finite number",
);

/** The published format of the reference (sandbox_v1.json): an array of these; `models` may be missing. */
export const publishedRow = z
  .object({
    query: z.string().min(1),
    responses: z.array(z.string()).min(1),
    scores: z.array(scoreLike),
    models: z.array(z.string()).optional(),
  })
  .refine((row) => row.scores.length === row.responses.length, {
    message: "responses and scores must have the same length",
  });
export type PublishedRow = z.infer<typeof publishedRow>;

/** How interaction records become alignment rows (definitions.md, "Alignment row"). */
export const dataSettings = z.object({
  semantics: semantics.default("paper"),
  seed: z.number().int().nonnegative().default(1),
  /** Weights of the kinds. Imitation is never thinned out; the others are, by seed, down to their share of it. */
  mixture: z
    .object({
      imitation: z.number().nonnegative().default(5),
      "self-critic": z.number().nonnegative().default(1),
      realignment: z.number().nonnegative().default(1),
    })
    .prefault({}),
  /** Imitation, `paper`: strictly lower-rated responses kept beside the best; the released code keeps all. */
  maxRejected: z.number().int().nonnegative().default(3),
  /** Least score of the response that a row teaches; 1 = all. */
  minimumScore: z.number().min(1).max(7).default(1),
  /** Interactions left out by hand: `id` or `run/id`. */
  exclude: z.array(z.string()).default([]),
});
export type DataSettings = z.infer<typeof dataSettings>;
export type RowKind = (typeof rowKinds)[number];

export const stableAlignmentLoss = z.object({
  id: z.literal("stable-alignment"),
  semantics: semantics.default("paper"),
  /** `sum` exists for `paper` only: the released code has mean and max (`max_flow`). */
  reduction: z.enum(["sum", "mean", "max"]).default("sum"),
  margin: z.number().nonnegative().default(1),
  ratio: z.number().nonnegative().default(0.2),
  ratingScale: z.number().positive().default(7),
});
export const sftLoss = z.object({ id: z.literal("sft") });
/**
 * Pair losses take the best response of a question against every strictly lower-rated one, and the mean over these
 * pairs; what pairs cost is averaged over the questions that have one. A question without a pair leaves only what the
 * loss has beside its pairs (`orpo`, `cpo-xu`: the likelihood of the best), and is left out where that is nothing. Strength of the reward: β. Sources stand with the functions in core/alignment/losses.
 */
export const dpoLoss = z.object({ id: z.literal("dpo"), beta: z.number().positive().default(0.1) });
export const ipoLoss = z.object({ id: z.literal("ipo"), beta: z.number().positive().default(0.1) });
/** Defaults: the paper's recipe (β 2.5, γ/β 0.55); TRL's β 0.1 hardly moves a length-averaged reward. */
export const simpoLoss = z.object({
  id: z.literal("simpo"),
  beta: z.number().positive().default(2.5),
  /** Margin in units of the reward. */
  gamma: z.number().nonnegative().default(1.375),
});
/** `beta` is the weight of the odds ratio (λ in the paper). */
export const orpoLoss = z.object({ id: z.literal("orpo"), beta: z.number().positive().default(0.1) });
/** Of Xu et al. (2401.08417), another thing than the paper's own CPO. `alpha` is the weight of the likelihood. */
export const cpoXuLoss = z.object({
  id: z.literal("cpo-xu"),
  beta: z.number().positive().default(0.1),
  alpha: z.number().nonnegative().default(1),
});
const singleLosses = [stableAlignmentLoss, sftLoss, dpoLoss, ipoLoss, simpoLoss, orpoLoss, cpoXuLoss] as const;
export const singleLoss = z.discriminatedUnion("id", singleLosses);
/** Σ weight · loss over the same forward pass, each loss once; weights are taken as they are, not normalized. */
export const mixtureLoss = z.object({
  id: z.literal("mixture"),
  losses: z
    .array(z.object({ weight: z.number().positive(), loss: singleLoss }))
    .min(1)
    .max(8),
});
export const lossSettings = z.discriminatedUnion("id", [...singleLosses, mixtureLoss]);
export type StableAlignmentSettings = z.infer<typeof stableAlignmentLoss>;
export type SingleLossSettings = z.infer<typeof singleLoss>;
export type LossSettings = z.infer<typeof lossSettings>;

export const loraTargets = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"] as const;
export type LoraTarget = (typeof loraTargets)[number];

const loraRank = z.number().int().min(1).max(1024);

/**
 * There is no dropout: the forward pass of every loss must be the one that the adapter is served with (a reference with
 * another mask would be another model), TRL switches it off for preference losses, and what it would guard against
 * shows in the evaluation curve.
 */
export const loraSettings = z.object({
  rank: loraRank.default(16),
  /** Targets with a rank of their own; their update is scaled by alpha over that rank. Not with `rsLora`. */
  ranks: z.partialRecord(z.enum(loraTargets), loraRank).default({}),
  alpha: z.number().positive().default(32),
  /**
   * Rank-stabilized LoRA (2312.03732): the update is scaled by alpha/√rank instead of alpha/rank. GGUF has no field for
   * it; the file carries alpha·√rank, which is the same.
   */
  rsLora: z.boolean().default(false),
  targets: z
    .array(z.enum(loraTargets))
    .min(1)
    .default([...loraTargets]),
  /** Layers that get an adapter, both included, counted from 0; null = all. Backward stops at the first. */
  layers: z
    .object({ first: z.number().int().nonnegative(), last: z.number().int().nonnegative() })
    .nullable()
    .default(null),
});

export const optimizerSettings = z.object({
  learningRate: z.number().positive().default(1e-4),
  /** Below 1: at 1 a moment never moves, and its correction divides by 0. */
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
  weightDecay: z.number().nonnegative().default(0),
  /** Largest global gradient norm; 0 switches clipping off. */
  clipNorm: z.number().nonnegative().default(1),
});

export const scheduleSettings = z.object({
  kind: z.enum(["constant", "linear", "cosine"]).default("cosine"),
  /** Share of all steps spent in linear warm-up. */
  warmupShare: z.number().min(0).max(1).default(0.03),
});

/** The dial that sets all of `lora`, learning rate, schedule, passes and accumulation at once (core/alignment/effort.ts). */
export const efforts = ["quick", "balanced", "thorough"] as const;
export type Effort = (typeof efforts)[number];

/** config.json of an alignment run, frozen at its start. Paths are absolute. */
export const alignConfig = z.object({
  version: z.literal(1).default(1),
  kind: z.literal("align").default("align"),
  seed: z.number().int().nonnegative().default(1),
  model: z.string(),
  data: z.string(),
  loss: lossSettings.default({
    id: "stable-alignment",
    semantics: "paper",
    reduction: "sum",
    margin: 1,
    ratio: 0.2,
    ratingScale: 7,
  }),
  lora: loraSettings.prefault({}),
  optimizer: optimizerSettings.prefault({}),
  schedule: scheduleSettings.prefault({}),
  /** Passes over the training rows. */
  epochs: z.number().positive().default(2),
  /** Upper bound of optimizer steps; null = what the epochs give. */
  maxSteps: z.number().int().positive().nullable().default(null),
  /** Questions (rows) per optimizer step; gradients are averaged per question. */
  accumulation: z.number().int().positive().default(8),
  /** Longest query + response in tokens; responses are cut at their end, queries at their left. */
  maxLength: z.number().int().min(2).default(512),
  /**
   * Context that the model is served with afterwards, tokens; null = within the original one. Only models with two sets
   * of RoPE factors (Phi 3) care: beyond their original context they are trained, as served, with the long ones.
   */
  contextLength: z.number().int().positive().nullable().default(null),
  /** Append the end-of-sequence token to every response (paper: yes; reference: no). */
  appendEos: z.boolean().default(true),
  /** Candidates per row: the best and up to this many lower-rated ones. */
  maxRejected: z.number().int().nonnegative().default(3),
  /** Share of rows held out for the evaluation curve. */
  evaluationShare: z.number().min(0).max(0.5).default(0.05),
  /** Optimizer steps between two points of the evaluation curve, 0 = only at the end. */
  evaluateEvery: z.number().int().nonnegative().default(50),
  /** Optimizer steps between two checkpoints, 0 = only at the end. */
  checkpointEvery: z.number().int().nonnegative().default(50),
  /** Compute threads; 0 = as many as there are cores. */
  threads: computeThreads.default(0),
  /** Where it computes; `auto`: a real GPU with enough memory, else the processor. Devices round differently. */
  gpu: gpuChoice.default("auto"),
  /**
   * Layers that live on the GPU; the others are copied there one by one when they are needed, which costs time and
   * changes no number. `auto`: as many as fit; more than there are: all.
   */
  gpuLayers: gpuLayers.default("auto"),
  /** Most prompt and response tokens in one forward call; memory grows with it. A longer question stands alone. */
  batchTokens: z
    .number()
    .int()
    .positive()
    .max(2 ** 20)
    .default(1024),
  /** What backward reads: kept (faster), computed again (less memory), or kept while it takes a quarter of the memory. */
  activations: z.enum(["automatic", "keep", "recompute"]).default("automatic"),
  /** Ends the run at the evaluation curve. The best point's checkpoint is kept in any case (run directory, `best/`). */
  earlyStop: z
    .object({
      /** Points of the curve in a row that are no better than the best one before them, step 0 included; 0 = never. */
      patience: z.number().int().nonnegative().default(0),
      /** A point is better when its loss is lower by more than this. */
      minimumGain: z.number().nonnegative().default(0),
    })
    .prefault({}),
  /** Wall-clock minutes of one session; then it is stopped and kept, and the same run can go on later. Null = no cap. */
  maxMinutes: z.number().positive().nullable().default(null),
  /** Texts of the base and of the model as it is then, side by side, on prompts that stay the same. */
  samples: z
    .object({
      /** Optimizer steps between two looks; 0 = none. */
      every: z.number().int().nonnegative().default(0),
      /** Questions, rendered by the workbench's template; at least one where `every` is not 0. */
      prompts: z.array(z.string().min(1)).max(16).default([]),
      maxTokens: z.number().int().positive().default(96),
    })
    .prefault({}),
});
export type AlignConfig = z.infer<typeof alignConfig>;
export type LoraSettings = z.infer<typeof loraSettings>;
export type OptimizerSettings = z.infer<typeof optimizerSettings>;
export type ScheduleSettings = z.infer<typeof scheduleSettings>;

/** One line of metrics.jsonl. Numbers only from the run itself; names in camelCase (definitions.md). */
export const metricsLine = z.object({
  /** Optimizer steps done, from 1. */
  step: z.number().int().positive(),
  epoch: z.number(),
  loss: z.number(),
  /** Mean negative log-likelihood of the best response, nats per token. */
  nll: z.number(),
  penalty: z.number(),
  /** Mean over pairs of logp(best) − logp(lower-rated), nats per token; null without pairs. */
  margin: z.number().nullable(),
  /** Share of pairs in which the better response is likelier per token; null without pairs. */
  accuracy: z.number().nullable(),
  /** Before clipping. */
  gradNorm: z.number(),
  learningRate: z.number(),
  /** Prompt and response tokens of this step's questions; a prompt counts once for all of its responses. */
  tokens: z.number().int(),
  /**
   * Means over pairs under the names that TRL gives them; null where the loss has no reward or no pair is there. A
   * reward is β times what the loss compares: log-ratio to the reference (dpo, ipo), log-probability (cpo-xu), or its
   * mean per token (simpo, orpo).
   */
  "rewards/chosen": z.number().nullable().optional(),
  "rewards/rejected": z.number().nullable().optional(),
  "rewards/margins": z.number().nullable().optional(),
  /** Share of pairs whose better response has the greater reward. */
  "rewards/accuracies": z.number().nullable().optional(),
  /** Log-probability of a whole response, nats; means over pairs, null without. Both may fall while the margin grows. */
  "logps/chosen": z.number().nullable().optional(),
  "logps/rejected": z.number().nullable().optional(),
});
export type MetricsLine = z.infer<typeof metricsLine>;

/** One line of samples.jsonl. */
export const sampleLine = z.object({
  /** Optimizer steps done; 0 = before the first. */
  step: z.number().int().nonnegative(),
  samples: z.array(
    z.object({
      prompt: z.string(),
      base: z.string(),
      /** Null at step 0, where the adapter changes nothing. */
      tuned: z.string().nullable(),
    }),
  ),
});
export type SampleLine = z.infer<typeof sampleLine>;
