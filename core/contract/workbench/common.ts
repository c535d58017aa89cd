/** What the parts of the workbench contract share. Times are milliseconds since 1970 (UTC), sizes bytes, unless said otherwise. */
import { oc } from "@orpc/contract";
import { z } from "zod";
import { serializedError } from "../jobs.ts";

/** Every procedure of the workbench may fail with the one typed error `FOLKMOOT`, whose data is a `SerializedError`. */
export const procedure = oc.errors({ FOLKMOOT: { data: serializedError } });

/**
 * A run's name in its workspace: its folder below `runs/`, with `/` between parts, e.g. `village-3` or
 * `demo-small-seed1/society`. Stable for the life of the workspace; what every other procedure calls `run`.
 */
export const runKey = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/, "not the name of a run");

/** Settings as a person typed them; the procedure's own schema checks them and names the first setting that is wrong. */
export const settingsOf = <T>() =>
  z.custom<T>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "settings are an object",
  );

/** One page of a list. */
export const page = z.object({
  /** From 0. */
  offset: z.number().int().nonnegative().default(0),
  limit: z.number().int().min(1).max(500).default(100),
});

/** Both ends belong to it; null = open. */
export const range = z.object({ from: z.number().nullable().default(null), to: z.number().nullable().default(null) });

/** Answer to whatever deletes or changes: pass `undo` to `undo.apply` to take it back. */
export const undoable = z.object({
  undo: z.string(),
  /** What was done, for the message with the undo button, e.g. `Run village-3 was removed.` */
  message: z.string(),
});
export type Undoable = z.infer<typeof undoable>;

/** Where a reconnecting face stands in a stream: pass it back as `since` to go on without loss or doubling. */
export const streamPosition = z.object({
  /** Changes whenever the service starts; a position of another epoch is answered with a reset. */
  epoch: z.string(),
  /** Number of the last frame that was received; frames count up by one. */
  seq: z.number().int().nonnegative(),
});
export type StreamPosition = z.infer<typeof streamPosition>;

/** A problem of a setting, before anything starts. */
export const settingProblem = z.object({
  /** Dotted name, e.g. `world.goodShare`. */
  setting: z.string(),
  message: z.string(),
  action: z.string(),
});
export type SettingProblem = z.infer<typeof settingProblem>;

/** One bar of a histogram: `from` ≤ value < `to` (the last bar includes its end). */
export const histogramBar = z.object({ from: z.number(), to: z.number(), count: z.number().int() });
