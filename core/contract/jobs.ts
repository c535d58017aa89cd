/**
 * What a face (terminal, window, browser) may ask of the processes that do the heavy work.
 *
 * Jobs stream `JobEvent`s and end with `finished`; stopping the iteration or aborting the signal cancels them.
 * Every failure crosses as the one typed error `FOLKMOOT`, whose data is a `SerializedError`.
 */
import { eventIterator, oc } from "@orpc/contract";
import { z } from "zod";
import { alignConfig } from "./alignment.ts";
import { computeThreads, gpuChoice, gpuFacts, gpuLayers } from "./device.ts";
import { errorCodes } from "./errors.ts";
import { evaluationConfig } from "./evaluation.ts";
import { jobEvent } from "./events.ts";
import { modelDescription, quantizationType } from "./models.ts";
import { move } from "./moves.ts";
import { rowSizes } from "./rowSizes.ts";
import { promptFormat, sampling, societyConfig } from "./society.ts";

export const serializedError = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  reason: z.string().optional(),
  action: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});

const procedure = oc.errors({ FOLKMOOT: { data: serializedError } });

/** A job: a configuration and the run directory that it writes to. */
const job = <Config extends z.ZodType>(config: Config) =>
  procedure
    .input(
      z.object({
        config,
        /** Absolute path of the run directory; made when missing, resumed when it holds the same configuration. */
        directory: z.string(),
      }),
    )
    .output(eventIterator(jobEvent));

export const inspectInput = z.object({
  path: z.string(),
  /** Hash the whole file; reads every byte. */
  hash: z.boolean().default(false),
  /** Shape that the memory estimate is made for. */
  sequences: z.number().int().min(1).max(256).default(16),
  /** Null = the default of a load. */
  contextSize: z.number().int().positive().nullable().default(null),
});

/** A person's hand on a running society; stopping it is ending its stream. */
export const societyControlInput = z.object({
  /** Run directory, as it was given to `society.run`. */
  directory: z.string(),
  action: z.enum(["pause", "step", "resume"]),
});

export const logpsInput = z.object({
  model: z.string(),
  adapter: z.string().nullable().default(null),
  /** Rendered prompt text and the response that follows it. */
  items: z.array(z.object({ query: z.string(), response: z.string() })).min(1),
  appendEos: z.boolean().default(false),
  threads: computeThreads.default(0),
});

export const logpsOutput = z.array(z.object({ tokens: z.array(z.number().int()), logps: z.array(z.number()) }));

/** `best`: the lowest point of the evaluation curve, where it is lower than the base. */
export const exportCheckpoints = ["last", "best"] as const;
export type ExportCheckpoint = (typeof exportCheckpoints)[number];
/** A number is the checkpoint of that optimizer step, as long as the run keeps it. */
export const checkpointChoice = z.union([z.enum(exportCheckpoints), z.number().int().positive()]);
export type CheckpointChoice = z.infer<typeof checkpointChoice>;

export const exportAdapterConfig = z.object({
  /** Directory of the alignment run that is exported. */
  run: z.string(),
  /** Which of its checkpoints. */
  checkpoint: checkpointChoice.default("last"),
  /** File to write. */
  output: z.string(),
  /** Compute threads; 0 = as many as there are cores. */
  threads: computeThreads.default(0),
});

export const exportMergedConfig = exportAdapterConfig.extend({
  /** llama.cpp's name of the file type. */
  type: quantizationType.default("Q8_0"),
});

/** `folkmoot gradcheck`: one case in the format of the reference, without optimizer. */
export const gradcheckInput = z.object({
  model: z.string(),
  adapter: z.string(),
  case: z.string(),
  mode: z.enum(["paper-sum", "paper-mean", "paper-max", "reference-mean", "reference-max", "sft"]),
  /** GGUF that receives every gradient tensor; null writes none. */
  grads: z.string().nullable().default(null),
  /** The processor unless told otherwise: its numbers are the same everywhere. */
  gpu: gpuChoice.default("off"),
  /** How the processor multiplies; F32 unless told otherwise, so that a quantized base gives what its weights say. */
  products: z.enum(["automatic", "portable", "float32", "ggml"]).default("float32"),
  threads: computeThreads.default(0),
});

export const gradcheckOutput = z.object({
  /** Natural logarithm, per response and token. */
  logps: z.array(z.array(z.number())),
  loss: z.number(),
  /** Mean negative log-likelihood per response, nats per token. */
  nll: z.array(z.number()),
  penalty: z.number(),
  gradNorm: z.number(),
});

/** A model to talk to: base and, with an adapter, aligned beside it, on one copy of the weights. */
export const talkOpenInput = z.object({
  model: z.string(),
  adapter: z.string().nullable().default(null),
  promptFormat: promptFormat.default("template"),
  /** Tokens per side; null = the usual ones, with the RoPE factors that the adapter was trained with. */
  contextSize: z.number().int().positive().nullable().default(null),
  threads: computeThreads.default(0),
  gpu: gpuChoice.default("auto"),
  gpuLayers: gpuLayers.default("auto"),
});

export const talkSides = ["base", "aligned"] as const;

export const talkEvent = z.discriminatedUnion("type", [
  /** Text that follows what came before on that side. */
  z.object({ type: z.literal("text"), side: z.enum(talkSides), text: z.string() }),
  z.object({
    type: z.literal("end"),
    side: z.enum(talkSides),
    promptTokens: z.number().int(),
    completionTokens: z.number().int(),
    seconds: z.number(),
    /** `length`: cut at `maxTokens`; `stopped`: by a person. */
    reason: z.enum(["end", "length", "stopped"]),
  }),
]);
export type TalkEvent = z.infer<typeof talkEvent>;

const talkName = z.object({ talk: z.string() });

/**
 * Whoever stops a job lets go of its stream at once; the job still ends at a checkpoint. Resolves when every job that
 * is at work now is over and what it keeps is on the disk; rejects with why one failed, other than being stopped.
 */
const settled = procedure.output(z.object({}));

/** The engine host: everything that runs a model. */
export const engineContract = {
  models: {
    inspect: procedure.input(inspectInput).output(modelDescription),
    /** Tokens of each row's query and of the responses after it, without those at the ends; loads the vocabulary only. */
    countTokens: procedure
      .input(z.object({ model: z.string(), rows: z.array(z.array(z.string())).max(20_000) }))
      .output(z.object({ counts: z.array(z.array(z.number().int())), bos: z.boolean() })),
    /** Tokens of all rows that a training of these data would take, before they are cut at a length. */
    rowSizes: procedure
      .input(
        alignConfig.pick({ model: true, data: true, loss: true, appendEos: true, evaluationShare: true, seed: true }),
      )
      .output(rowSizes),
  },
  society: {
    run: job(societyConfig),
    control: procedure.input(societyControlInput).output(z.object({ state: z.enum(["running", "paused"]) })),
    /** What begins and ends from now on, in batches of at most 30 a second; ends with the run. */
    moves: procedure.input(z.object({ directory: z.string() })).output(eventIterator(z.array(move))),
  },
  talk: {
    open: procedure.input(talkOpenInput).output(
      talkName.extend({
        sides: z.array(z.enum(talkSides)),
        contextSize: z.number().int(),
        /** Set where this context is not the one that the adapter was trained for, or nobody can know. */
        warning: z.string().nullable(),
      }),
    ),
    /** The same prompt, sampling and seed to every side. Ends with the last `end`; ending the stream stops both. */
    say: procedure
      .input(
        talkName.extend({
          text: z.string().min(1),
          sampling: sampling.prefault({}),
          seed: z.number().int().min(0).max(0xffffffff),
        }),
      )
      .output(eventIterator(talkEvent)),
    /** Both sides end with `stopped`. */
    stop: procedure.input(talkName).output(z.object({})),
    /** Unloads the model. */
    close: procedure.input(talkName).output(z.object({})),
  },
  settled,
  /** The first card of every kind that this machine has the driver and the libraries of. */
  gpus: procedure.output(z.array(gpuFacts)),
  /** Resident bytes of the process. */
  memory: procedure.output(z.object({ resident: z.number() })),
  evaluate: { run: job(evaluationConfig) },
  proof: { logps: procedure.input(logpsInput).output(logpsOutput) },
};

/** The trainer host: everything that runs the native addon. */
export const trainerContract = {
  align: {
    run: procedure
      .input(
        z.object({
          config: alignConfig,
          directory: z.string(),
          /**
           * Folder that runs share for what need not be computed twice (reference log-probabilities, measured memory);
           * null = that of the workspace which the run stands in, else one in the run itself.
           */
          cache: z.string().nullable().default(null),
          /** Memory that the training may take for what it could do without, bytes; null = what is free. */
          memoryCeiling: z.number().nullable().default(null),
        }),
      )
      .output(eventIterator(jobEvent)),
    /** `directory` as it was given to `run`. A paused training keeps its memory; stopping it is ending its stream. */
    control: procedure
      .input(z.object({ directory: z.string(), action: z.enum(["pause", "resume"]) }))
      .output(z.object({ state: z.enum(["running", "paused"]) })),
  },
  export: {
    adapter: procedure.input(exportAdapterConfig).output(eventIterator(jobEvent)),
    merged: procedure.input(exportMergedConfig).output(eventIterator(jobEvent)),
  },
  settled,
  gradcheck: procedure.input(gradcheckInput).output(gradcheckOutput),
};

export type EngineContract = typeof engineContract;
export type TrainerContract = typeof trainerContract;
