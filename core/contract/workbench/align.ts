/** Training: derived defaults, memory, metrics of any run, checkpoints. */
import { z } from "zod";
import { alignConfig, efforts, metricsLine, sampleLine } from "../alignment.ts";
import { procedure, runKey, settingProblem, settingsOf } from "./common.ts";
import { started, startOptions } from "./society.ts";

type AlignConfigInput = z.input<typeof alignConfig>;

/** Bytes by part where it computes, for the largest forward pass. */
export const trainingMemory = z.object({
  /** The card that the training goes to and how many of the layers live there; null: the processor. */
  card: z.object({ name: z.string(), gpuLayers: z.number().int(), layers: z.number().int() }).nullable(),
  /** On the processor the file, mapped. */
  weights: z.number(),
  /** Transposed, for backward on a GPU. */
  copies: z.number(),
  /** Adapter, its gradient and the optimizer's two moments. */
  adapter: z.number(),
  /** What backward reads, for one packed forward. */
  activations: z.number(),
  /** Working memory: of one block or of the output head, whichever takes more. */
  work: z.number(),
  /** The process beside all this; 0 on a card. */
  program: z.number(),
  total: z.number(),
  free: z.number(),
  verdict: z.enum(["fits", "tight", "does-not-fit"]),
  /** Whether all activations are kept; else they are computed again, block by block. */
  keepsActivations: z.boolean(),
  /** Whether it is for the rows of the data; else for any that the settings allow. */
  ofRows: z.boolean(),
  /** False: from shapes. True: what this training took before, with these settings and rows. */
  measured: z.boolean(),
  /** What to do where it does not fit, and the settings that it changes; null where it fits. */
  advice: z
    .object({ text: z.string(), changes: z.record(z.string(), z.union([z.string(), z.number()])), fits: z.boolean() })
    .nullable(),
});
export type TrainingMemory = z.infer<typeof trainingMemory>;

export const metricNames = metricsLine.keyof().exclude(["step"]);
export type MetricName = z.infer<typeof metricNames>;

export const series = z.object({
  name: z.string(),
  /** Steps, ascending. */
  x: z.array(z.number()),
  /** Null = the run has no value there (e.g. margin without pairs); no points at all where it never has one. */
  y: z.array(z.number().nullable()),
});

export const runMetrics = z.object({
  run: runKey,
  /** Lines in metrics.jsonl. */
  steps: z.number().int(),
  /** True when every line of the range is there; false when each bucket gave its least and its greatest point. */
  raw: z.boolean(),
  series: z.array(series),
  /** The evaluation curve, whole. */
  evaluations: z.array(z.object({ step: z.number().int(), loss: z.number(), accuracy: z.number().nullable() })),
});
export type RunMetrics = z.infer<typeof runMetrics>;

export const checkpointEntry = z.object({
  step: z.number().int(),
  directory: z.string(),
  adapter: z.string(),
  bytes: z.number(),
  at: z.number(),
  /** Loss on the held-out rows at its step; null where the evaluation curve has no point there. */
  evaluationLoss: z.number().nullable(),
  /** True for the lowest point of the evaluation curve so far. */
  best: z.boolean(),
});
export type CheckpointEntry = z.infer<typeof checkpointEntry>;

export const alignContract = {
  align: {
    /** Settings derived from model, data, loss, effort and what was set by hand, with a sentence for each. */
    defaults: procedure
      .input(
        z.object({
          model: z.string().nullable().default(null),
          data: z.string().nullable().default(null),
          /** As it stands in a form: one that is not whole yet counts as the default. */
          loss: settingsOf<unknown>().nullable().default(null),
          effort: z.enum(efforts).default("balanced"),
          /** What somebody set: the answer has the dial's own value for it, and for all else what goes with it. */
          byHand: settingsOf<Partial<AlignConfigInput>>().default({}),
        }),
      )
      .output(
        z.object({
          config: z.record(z.string(), z.unknown()),
          reasons: z.array(z.object({ setting: z.string(), reason: z.string() })),
        }),
      ),
    /** Checks the settings and estimates the memory; nothing starts. `memory` null while model or settings are unfit. */
    preview: procedure.input(z.object({ config: settingsOf<Partial<AlignConfigInput>>() })).output(
      z.object({
        problems: z.array(settingProblem),
        memory: trainingMemory.nullable(),
        /** Optimizer steps; null until the data are readable and hold something to train. */
        steps: z.number().int().nullable(),
        /** In the file, and of these: trained, held out, and left out because the loss learns from pairs alone. */
        rows: z
          .object({
            ...{ rows: z.number().int(), training: z.number().int() },
            ...{ evaluation: z.number().int(), pairless: z.number().int() },
          })
          .nullable(),
        /** Weights that are trained. */
        parameters: z.number().nullable(),
      }),
    ),
    start: procedure
      .input(startOptions.extend({ config: settingsOf<AlignConfigInput>() }))
      .output(started.extend({ config: alignConfig })),
    /**
     * Curves of a run, also while it runs: at most `points` points per series in the range (two per bucket, the least
     * and the greatest, so no spike is lost).
     */
    metrics: procedure
      .input(
        z.object({
          run: runKey,
          names: z.array(metricNames).min(1).default(["loss"]),
          /** First and last step; null = all. */
          from: z.number().int().positive().nullable().default(null),
          to: z.number().int().positive().nullable().default(null),
          points: z.number().int().min(2).max(100_000).default(2000),
        }),
      )
      .output(runMetrics),
    /** Texts of base and tuned model on the same prompts, oldest first; empty where the run takes none. */
    samples: procedure.input(z.object({ run: runKey })).output(z.array(sampleLine)),
    /** Whole checkpoints, newest first; behind them the best one, where it is none of them. */
    checkpoints: procedure.input(z.object({ run: runKey })).output(z.array(checkpointEntry)),
  },
};
