/** Which of a run's checkpoints somebody means: the last, the best by the evaluation curve, or that of a step. */
import { join } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import type { CheckpointChoice } from "../contract/jobs.ts";
import { type Checkpoint, checkpointSteps, listCheckpoints } from "../workspace/checkpoint.ts";
import {
  type AlignmentState,
  alignmentState,
  bestFolder,
  latestAlignmentCheckpoint,
  readBestCheckpoint,
} from "./alignmentCheckpoint.ts";
import { twinOfBest } from "./damagedCheckpoints.ts";
import { bestPoint } from "./earlyStop.ts";

/** @throws run-not-found when the run in `path` has no such checkpoint that is whole */
export async function chosenCheckpoint(path: string, which: CheckpointChoice): Promise<Checkpoint<AlignmentState>> {
  const folders = [join(path, "checkpoints"), bestFolder(path)] as const;
  if (which === "last") return (await latestAlignmentCheckpoint(folders[0])) ?? fail(await noCheckpoint(path));
  if (which === "best") return (await readBestCheckpoint(path)) ?? fail(await noBest(path));
  const found = (await Promise.all(folders.map((folder) => listCheckpoints(folder, alignmentState)))).flat();
  const whole = [...new Set(found.map(({ step }) => step))];
  return found.find(({ step }) => step === which) ?? fail(await noStep(path, which, whole));
}

function fail(error: FolkmootError): never {
  throw error;
}

async function noCheckpoint(path: string): Promise<FolkmootError> {
  if ((await checkpointSteps(join(path, "checkpoints"))).length > 0)
    return new FolkmootError("run-not-found", {
      message: `All checkpoints of the run in ${path} are damaged.`,
      reason: damagedReason,
      action: `Run \`folkmoot align --out ${path}\` again: it makes them anew.`,
      details: { path },
    });
  return new FolkmootError("run-not-found", {
    message: `The run in ${path} has no checkpoint.`,
    reason: "It has not trained yet, or was stopped before its first step.",
    action: "Train it first with `folkmoot align`.",
    details: { path },
  });
}

/** Says whether the run has looked and found none, has not looked, or has lost it. */
async function noBest(path: string): Promise<FolkmootError> {
  const last = await latestAlignmentCheckpoint(join(path, "checkpoints"));
  const best = bestPoint(last?.state.evaluations ?? []);
  if (best !== undefined)
    return new FolkmootError("run-not-found", {
      message: `The best checkpoint of the run in ${path}, that of step ${best.step}, is damaged.`,
      reason: damagedReason,
      action:
        (await twinOfBest(path, best.step)) === undefined
          ? "Take its last checkpoint."
          : `Run \`folkmoot align --out ${path}\` again: it mends it from the run's other checkpoint of that step.`,
      details: { path, setting: "checkpoint", step: best.step },
    });
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

const damagedReason = "Its files were changed or cut short after they were written.";

async function noStep(path: string, step: number, steps: readonly number[]): Promise<FolkmootError> {
  if (steps.length === 0) return noCheckpoint(path);
  const isThere = (await checkpointSteps(join(path, "checkpoints"))).includes(step);
  return new FolkmootError("run-not-found", {
    message: isThere
      ? `The checkpoint of step ${step} of the run in ${path} is damaged.`
      : `The run in ${path} has no checkpoint of step ${step}.`,
    reason: isThere ? damagedReason : "A run keeps its newest checkpoints and its best one.",
    action: `Take one of ${steps.toSorted((a, b) => a - b).join(", ")}.`,
    details: { path, setting: "checkpoint", steps },
  });
}
