/** Model files and data that leave the workbench, each with its proof and where it came from. */
import { z } from "zod";
import { exportCheckpoints, exportMergedConfig } from "../jobs.ts";
import { procedure, runKey, undoable } from "./common.ts";
import { jobId } from "./runs.ts";

export const exportEntry = z.object({
  path: z.string(),
  kind: z.enum(["adapter", "merged", "data"]),
  /** llama.cpp's name of the file type for `merged`; null else. */
  type: z.string().nullable(),
  bytes: z.number(),
  /** Null when the sidecar is gone. */
  sha256: z.string().nullable(),
  created: z.number(),
  /** Run that it was made from; null for data. */
  run: runKey.nullable(),
  /** Figures of the proof by name (nats per token, samples, tokens); null for data. */
  proof: z
    .object({
      samples: z.number(),
      tokens: z.number(),
      maxDifference: z.number(),
      meanDifference: z.number(),
      meanLoss: z.number(),
      effect: z.number(),
      conclusive: z.boolean(),
    })
    .nullable(),
  /** The sidecar as it is: base and its hash, adapter and step, data and its hash, configuration, versions. */
  provenance: z.record(z.string(), z.unknown()).nullable(),
});
export type ExportEntry = z.infer<typeof exportEntry>;

const exportStart = z.object({
  run: runKey,
  checkpoint: z.enum(exportCheckpoints).default("last"),
  /** Where to write; in the run's own folder when left out. */
  path: z.string().optional(),
});

export const exportRequest = z.discriminatedUnion("kind", [
  exportStart.extend({ kind: z.literal("adapter") }),
  exportStart.extend({ kind: z.literal("merged"), type: exportMergedConfig.shape.type }),
]);
export type ExportRequest = z.infer<typeof exportRequest>;

export const exportsContract = {
  exports: {
    /** Newest first. */
    list: procedure.output(z.array(exportEntry)),
    /** @throws `run-not-found` when the run has no such checkpoint yet; `bad-setting`. */
    start: procedure.input(exportRequest).output(z.object({ job: jobId, path: z.string() })),
    /** Moves file and sidecar to the workspace's trash; only exports that lie in the workspace. */
    remove: procedure.input(z.object({ path: z.string() })).output(undoable),
  },
};
