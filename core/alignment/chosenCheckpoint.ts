/** Which of a run's checkpoints somebody means: the last, the best by the evaluation curve, or that of a step. */
import { join } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import type { CheckpointChoice } from "../contract/jobs.ts";
import { type Checkpoint, listCheckpoints } from "../workspace/checkpoint.ts";
import {
  type AlignmentState,
  alignmentState,
  bestFolder,
  latestAlignmentCheckpoint,
  readBestCheckpoint,
} from "./alignmentCheckpoint.ts";

/** @throws run-not-found when the run in `path` has no such checkpoint that is whole */
export async function chosenCheckpoint(path: string, which: CheckpointChoice): Promise<Checkpoint<AlignmentState>> {
  const folders = [join(path, "checkpoints"), bestFolder(path)] as const;
  if (which === "last") return (await latestAlignmentCheckpoint(folders[0])) ?? fail(noCheckpoint(path));
  if (which === "best") return (await readBestCheckpoint(path)) ?? fail(await noBest(path));
  const found = (await Promise.all(folders.map((folder) => listCheckpoints(folder, alignmentState)))).flat();
  return (
    found.find(({ step }) => step === which) ?? fail(noStep(path, which, [...new Set(found.map((one) => one.step))]))
  );
}

function fail(error: FolkmootError): never {
  throw error;
}

function noCheckpoint(path: string): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: `The run in ${path} has no checkpoint.`,
    reason: "It has not trained yet, or was stopped before its first step.",
    action: "Train it first with `folkmoot align`.",
    details: { path },
  });
}

/** Says whether the run has looked and found none, or has not looked. */
async function noBest(path: string): Promise<FolkmootError> {
  const last = await latestAlignmentCheckpoint(join(path, "checkpoints"));
  const measured = last?.state.evaluations.some(({ step }) => step > 0) === true;
  return new FolkmootError("run-not-found", {
    message: measured
      ? `No checkpoint of the run in ${path} was better than the base on the held-out rows.`
      : `The run in ${path} has no best checkpoint.`,
    reason: measured
      ? "The training taught nothing that helps there; its learning rate or number of epochs may be too high."
      : "It holds no rows out, or has not been measured on them since its first step.",
    action: measured ? "Take its last checkpoint, or train again more gently." : "Take its last checkpoint.",
    details: { path, setting: "checkpoint" },
  });
}

function noStep(path: string, step: number, steps: readonly number[]): FolkmootError {
  if (steps.length === 0) return noCheckpoint(path);
  return new FolkmootError("run-not-found", {
    message: `The run in ${path} has no checkpoint of step ${step}.`,
    reason: "A run keeps its newest checkpoints and its best one.",
    action: `Take one of ${steps.toSorted((a, b) => a - b).join(", ")}.`,
    details: { path, setting: "checkpoint", steps },
  });
}
