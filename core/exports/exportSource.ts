/** What an export is made from: a whole checkpoint of an alignment run, and where it came from. */
import type { AlignmentState } from "../alignment/alignmentCheckpoint.ts";
import { chosenCheckpoint } from "../alignment/chosenCheckpoint.ts";
import { type AlignConfig, alignConfig } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { CheckpointChoice } from "../contract/jobs.ts";
import { checkAdapterFits, checkAdapterHeader } from "../models/adapterChecks.ts";
import { type GgufHeader, readGgufHeader } from "../models/ggufHeader.ts";
import type { Checkpoint } from "../workspace/checkpoint.ts";
import { hashFile, hashModel } from "../workspace/hash.ts";
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
 * @param which the newest checkpoint, that of the lowest point of the evaluation curve, or that of a step
 * @throws run-not-found (no run, or no such checkpoint yet); run-mismatch when the base model is no longer the one that was
 *   trained; model-not-found, model-corrupt; adapter-mismatch
 */
export async function readExportSource(
  directory: string,
  which: CheckpointChoice,
  signal?: AbortSignal,
): Promise<ExportSource> {
  const run = await viewRun(directory, alignConfig);
  const checkpoint = await chosenCheckpoint(run.path, which);
  const { config, environment } = run;
  const model = await readGgufHeader(config.model);
  const adapter = await readGgufHeader(checkpoint.adapter);
  checkAdapterHeader(adapter);
  checkAdapterFits(adapter, model);
  for (const { path } of model.parts) {
    const [trained, found] = [environment.files[path], await hashFile(path, signal)];
    if (trained !== undefined && trained !== found) throw otherModel(path, trained, found);
  }
  const provenance = {
    run: run.id,
    base: { path: config.model, sha256: await hashModel(config.model, signal) },
    adapter: { checkpoint: which, step: checkpoint.step, sha256: await hashFile(checkpoint.adapter, signal) },
    data: { path: config.data, sha256: environment.files[config.data] ?? null },
    config,
    versions: environment.versions,
  };
  return { run, checkpoint, model, adapter, provenance };
}

function otherModel(path: string, expected: string, found: string): FolkmootError {
  return new FolkmootError("run-mismatch", {
    message: `${path} is no longer the model that was trained.`,
    reason: "The file was changed or replaced since.",
    action: "Put the old file back.",
    details: { path, expected, found },
  });
}
