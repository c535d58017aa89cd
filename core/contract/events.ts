/** What a job says while it runs: lines of events.jsonl and messages to whoever watches. */
import { z } from "zod";
import { metricsLine } from "./alignment.ts";
import { interactionRecord } from "./interaction.ts";

export const progressEvent = z.object({
  type: z.literal("progress"),
  /** Station of the method, e.g. `society`, `align`, `evaluate-base`, `export`. */
  stage: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  /** What is counted: interactions, steps, questions, bytes. */
  unit: z.string(),
  /** Units per second over the recent past; null until known. */
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Loss of the last step; each face puts it and the next into its own words. */
  loss: z.number().optional(),
  /** Of the last step where there are steps, else over the recent past. */
  tokensPerSecond: z.number().optional(),
  /** Short extra for the same line, in words: `opening it again to prove it`. */
  note: z.string().optional(),
});

export const jobEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("started"), run: z.string(), directory: z.string(), resumed: z.boolean() }),
  progressEvent,
  /** Where a model computes; `gpuLayers` of its `layers` live on the GPU, null on the processor. */
  z.object({
    type: z.literal("device"),
    device: z.string(),
    layers: z.number().int(),
    gpuLayers: z.number().int().nullable(),
  }),
  /** Timings of an interaction live here, never in the record. */
  z.object({
    type: z.literal("interaction"),
    record: interactionRecord,
    seconds: z.number(),
    completionTokens: z.number(),
  }),
  z.object({
    type: z.literal("round"),
    round: z.number().int(),
    alignment: z.number().nullable(),
    engagement: z.number().nullable(),
    /** Share of drafts for which a memory was recalled. */
    recallShare: z.number(),
    unparsedRatings: z.number().int(),
  }),
  z.object({ type: z.literal("metrics"), line: metricsLine, seconds: z.number() }),
  z.object({
    type: z.literal("evaluation"),
    step: z.number().int(),
    loss: z.number(),
    accuracy: z.number().nullable(),
  }),
  /** A training stands between two steps until it is resumed or stopped. */
  z.object({ type: z.literal("paused") }),
  z.object({ type: z.literal("resumed") }),
  /** What a person may want to know, and need not act on. */
  z.object({ type: z.literal("notice"), message: z.string(), details: z.record(z.string(), z.unknown()).optional() }),
  z.object({ type: z.literal("warning"), message: z.string(), details: z.record(z.string(), z.unknown()).optional() }),
  z.object({ type: z.literal("finished"), result: z.record(z.string(), z.unknown()) }),
]);

/** A line of events.jsonl: an event as it was, but an interaction by its id; the record stands in interactions.jsonl. */
export const eventLine = z.union([
  z.object({
    type: z.literal("interaction"),
    id: z.string(),
    seconds: z.number(),
    completionTokens: z.number(),
  }),
  jobEvent,
]);
export type EventLine = z.infer<typeof eventLine>;
export type JobEvent = z.infer<typeof jobEvent>;
export type ProgressEvent = z.infer<typeof progressEvent>;
export type EmitEvent = (event: JobEvent) => void;
