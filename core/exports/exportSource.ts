/** What an export is made from: a whole checkpoint of an alignment run, and where it came from. */
import { join } from "node:path";
import { type AlignmentState, bestFolder, latestAlignmentCheckpoint } from "../alignment/alignmentCheckpoint.ts";
import { type AlignConfig, alignConfig } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { ExportCheckpoint } from "../contract/jobs.ts";
import { checkAdapterFits, checkAdapterHeader } from "../models/adapterChecks.ts";
import { type GgufHeader, readGgufHeader } from "../models/ggufHeader.ts";
import type { Checkpoint } from "../workspace/checkpoint.ts";
import { hashFile } from "../workspace/hash.ts";
import { type RunView, viewRun } from "../workspace/runDirectory.ts";

export interface ExportSource {
  readonly run: RunView<AlignConfig>;
  readonly checkpoint: Checkpoint<AlignmentState>;
  readonly model: GgufHeader;
  readonly adapter: GgufHeader;
  /** For the sidecar of an export: base, adapter, data, settings and versions. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/**
 * @param which the newest checkpoint, or that of the lowest point of the evaluation curve
 * @throws run-not-found (no run, or no such checkpoint yet); run-mismatch when the base model is no longer the one that was
 *   trained; model-not-found, model-corrupt; adapter-mismatch
 */
export async function readExportSource(
  directory: string,
  which: ExportCheckpoint,
  signal?: AbortSignal,
): Promise<ExportSource> {
  const run = await viewRun(directory, alignConfig);
  const folder = which === "best" ? bestFolder(run.path) : join(run.path, "checkpoints");
  const checkpoint = await latestAlignmentCheckpoint(folder);
  if (checkpoint === undefined) throw which === "best" ? noBest(run.path) : noCheckpoint(run.path);
  const { config, environment } = run;
  const model = await readGgufHeader(config.model);
  const adapter = await readGgufHeader(checkpoint.adapter);
  checkAdapterHeader(adapter);
  checkAdapterFits(adapter, model);
  const modelHash = await hashFile(config.model, signal);
  const trained = environment.files[config.model];
  if (trained !== undefined && trained !== modelHash) throw otherModel(config.model, trained, modelHash);
  const provenance = {
    run: run.id,
    base: { path: config.model, sha256: modelHash },
    adapter: { checkpoint: which, step: checkpoint.step, sha256: await hashFile(checkpoint.adapter, signal) },
    data: { path: config.data, sha256: environment.files[config.data] ?? null },
    config,
    versions: environment.versions,
  };
  return { run, checkpoint, model, adapter, provenance };
}

function noCheckpoint(path: string): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: `The run in ${path} has no checkpoint to export.`,
    reason: "It has not trained yet, or was stopped before its first step.",
    action: "Train it first with `folkmoot align`.",
    details: { path },
  });
}

function noBest(path: string): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: `The run in ${path} has no best checkpoint.`,
    reason: "It holds no rows out, or has not been measured on them since its first step.",
    action: "Export its last checkpoint.",
    details: { path, setting: "checkpoint" },
  });
}

function otherModel(path: string, expected: string, found: string): FolkmootError {
  return new FolkmootError("run-mismatch", {
    message: `${path} is no longer the model that was trained.`,
    reason: "The file was changed or replaced since.",
    action: "Put the old file back.",
    details: { path, expected, found },
  });
}
