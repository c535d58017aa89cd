/** Checkpoints that are not whole: who takes an older one instead is told, and the best is made whole where that can be. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { EmitEvent } from "../contract/events.ts";
import {
  adapterFileName,
  type Checkpoint,
  checkpointSteps,
  listCheckpoints,
  saveCheckpoint,
} from "../workspace/checkpoint.ts";
import {
  type AlignmentState,
  alignmentState,
  bestFolder,
  type EvaluationPoint,
  isBest,
  readBestCheckpoint,
} from "./alignmentCheckpoint.ts";
import { bestPoint } from "./earlyStop.ts";

/**
 * Steps of the damaged checkpoints that are newer than the one that was taken, newest first.
 * @param taken step of the newest whole one; null: none is whole
 */
async function passedOver(checkpoints: string, taken: number | null): Promise<number[]> {
  const newer = (await checkpointSteps(checkpoints)).filter((step) => step > (taken ?? -1));
  if (newer.length === 0) return newer;
  // A run at work may have written another one in the meantime.
  const whole = new Set((await listCheckpoints(checkpoints, alignmentState)).map(({ step }) => step));
  return newer.filter((step) => !whole.has(step));
}

/** Nobody should find out by the clock that a run goes on from an earlier step than it had reached, or begins anew. */
export async function tellPassedOver(checkpoints: string, resumedFrom: number | null, emit: EmitEvent): Promise<void> {
  const steps = await passedOver(checkpoints, resumedFrom);
  if (steps.length === 0) return;
  const message =
    resumedFrom === null
      ? `${allUnusable(steps, checkpoints)}. The run begins anew.`
      : `${unusable(steps, checkpoints)}. The run goes on from step ${resumedFrom} and makes what is missing again.`;
  emit({ type: "warning", message, details: { checkpoints, steps, resumedFrom } });
}

/** What to know of the last checkpoint that was taken: null where it is that of the last step that was kept. */
export async function olderThanLast(run: string, taken: number): Promise<string | null> {
  const steps = await passedOver(join(run, "checkpoints"), taken);
  return steps.length === 0
    ? null
    : `${unusable(steps, run)}; that of step ${taken} is taken. Run \`folkmoot align --out ${run}\` again to make what is missing.`;
}

function unusable(steps: readonly number[], folder: string): string {
  return steps.length === 1
    ? `The checkpoint of step ${steps[0]} in ${folder} is damaged and could not be used`
    : `The checkpoints of the steps ${steps.join(", ")} in ${folder} are damaged and could not be used`;
}

function allUnusable(steps: readonly number[], folder: string): string {
  return steps.length === 1
    ? `The only checkpoint in ${folder}, that of step ${steps[0]}, is damaged and could not be used`
    : `None of the ${steps.length} checkpoints in ${folder} could be used: they are damaged`;
}

/** The regular checkpoint that the best one is a copy of, while the run keeps it. */
export async function twinOfBest(run: string, step: number): Promise<Checkpoint<AlignmentState> | undefined> {
  const regular = await listCheckpoints(join(run, "checkpoints"), alignmentState);
  return regular.find((checkpoint) => checkpoint.step === step && isBest(checkpoint));
}

/**
 * Writes the best checkpoint again from the regular one of the same step, where it is damaged; tells where that one is gone
 * too.
 */
export async function mendBest(run: string, evaluations: readonly EvaluationPoint[], emit: EmitEvent): Promise<void> {
  const best = bestPoint(evaluations);
  if (best === undefined || (await readBestCheckpoint(run)) !== undefined) return;
  const folder = bestFolder(run);
  const { step } = best;
  const twin = await twinOfBest(run, step);
  if (twin !== undefined) {
    const files = { [adapterFileName]: (path: string) => copyFile(twin.adapter, path) };
    await saveCheckpoint(folder, { step, files, state: twin.state }, 1);
  }
  const outcome =
    twin === undefined
      ? "and there is no other of that step. Take the last one instead, or align again in another folder (--out)."
      : "and was written again from the other one of that step.";
  const message = `The best checkpoint, that of step ${step}, in ${folder} was damaged, ${outcome}`;
  emit({ type: "warning", message, details: { best: folder, step, mended: twin !== undefined } });
}
