/** Checkpoints of an alignment run, whole ones only. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { bestFolder, evaluationPoint, isBest } from "../alignment/alignmentCheckpoint.ts";
import type { CheckpointEntry } from "../contract/workbench/align.ts";
import { type Checkpoint, listCheckpoints } from "../workspace/checkpoint.ts";

const trainingState = z.object({ evaluations: z.array(evaluationPoint).default([]) });
type TrainingCheckpoint = Checkpoint<z.infer<typeof trainingState>>;

/** Newest first; behind them the best one, where it is none of them and better than the base. */
export async function checkpointsOf(directory: string): Promise<CheckpointEntry[]> {
  const regular = await listCheckpoints(join(directory, "checkpoints"), trainingState);
  const best = (await listCheckpoints(bestFolder(directory), trainingState)).find(isBest);
  const alone = best === undefined || regular.some(({ step }) => step === best.step) ? [] : [best];
  return Promise.all([...regular, ...alone].map((checkpoint) => entryOf(checkpoint, checkpoint.step === best?.step)));
}

async function entryOf(
  { step, directory, adapter, state }: TrainingCheckpoint,
  best: boolean,
): Promise<CheckpointEntry> {
  const { size, mtimeMs } = await stat(adapter);
  const evaluationLoss = state.evaluations.find((point) => point.step === step)?.loss ?? null;
  return { step, directory, adapter, bytes: size, at: mtimeMs, evaluationLoss, best };
}
