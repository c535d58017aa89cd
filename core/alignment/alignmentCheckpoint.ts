/** Checkpoints of an alignment run: adapter, optimizer moments, and the cursor from which everything else follows. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type MetricsLine, metricsLine } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import { writeFileAtomic } from "../workspace/atomicFile.ts";
import { adapterFileName, type Checkpoint, latestCheckpoint, saveCheckpoint } from "../workspace/checkpoint.ts";
import { bestPoint } from "./earlyStop.ts";
import { type Fingerprint, whatDiffers } from "./fingerprint.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";

export const optimizerFileName = "optimizer.bin";

export const evaluationPoint = z.object({
  step: z.number().int().nonnegative(),
  loss: z.number(),
  accuracy: z.number().nullable(),
});
export type EvaluationPoint = z.infer<typeof evaluationPoint>;

export const alignmentState = z.object({
  fingerprint: z.string(),
  /** What the fingerprint is made of; absent in checkpoints from before it was kept. */
  parts: z.record(z.string(), z.unknown()).optional(),
  step: z.number().int().nonnegative(),
  /** Questions done; with `seed` it stands for the state of every random stream (they are derived by name). */
  position: z.number().int().nonnegative(),
  seed: z.number().int().nonnegative(),
  evaluations: z.array(evaluationPoint),
});
export type AlignmentState = z.infer<typeof alignmentState>;

export async function writeAlignmentCheckpoint(
  directory: string,
  trainer: NativeTrainer,
  state: AlignmentState,
): Promise<void> {
  const files = {
    [adapterFileName]: (path: string) => trainer.saveAdapter(path),
    [optimizerFileName]: (path: string) => trainer.saveState(path),
  };
  await saveCheckpoint(directory, { step: state.step, files, state });
}

/** The checkpoint of the best point of the evaluation curve stands alone, where later ones do not push it out. */
export function bestFolder(runDirectory: string): string {
  return join(runDirectory, "best");
}

/** Replaces the best checkpoint that was there. Nothing is resumed from it, so it has no optimizer state. */
export async function writeBestCheckpoint(
  runDirectory: string,
  trainer: NativeTrainer,
  state: AlignmentState,
): Promise<void> {
  const files = { [adapterFileName]: (path: string) => trainer.saveAdapter(path) };
  await saveCheckpoint(bestFolder(runDirectory), { step: state.step, files, state }, 1);
}

export interface BestCheckpoint {
  readonly step: number;
  /** Loss on the held-out rows. */
  readonly loss: number;
  readonly adapter: string;
}

/** The checkpoint of the best point; undefined where none was better than the base. */
export async function readBestCheckpoint(runDirectory: string): Promise<Checkpoint<AlignmentState> | undefined> {
  const found = await latestAlignmentCheckpoint(bestFolder(runDirectory));
  return found !== undefined && isBest(found) ? found : undefined;
}

/** Whether the checkpoint stands at the best point of the curve as it was then. */
export function isBest({ step, state }: Checkpoint<Pick<AlignmentState, "evaluations">>): boolean {
  return bestPoint(state.evaluations)?.step === step;
}

/** What a result says of it; null where no checkpoint was better than the base. */
export async function bestCheckpoint(runDirectory: string): Promise<BestCheckpoint | null> {
  const found = await readBestCheckpoint(runDirectory);
  const point = found?.state.evaluations.find(({ step }) => step === found.step);
  return found === undefined || point === undefined
    ? null
    : { step: found.step, loss: point.loss, adapter: found.adapter };
}

/** The newest whole checkpoint of an alignment run; what an export takes its adapter from. */
export function latestAlignmentCheckpoint(directory: string): Promise<Checkpoint<AlignmentState> | undefined> {
  return latestCheckpoint(directory, alignmentState);
}

const begunWith = z.object({ products: z.record(z.string(), z.object({ forward: z.string() })) });

/**
 * What multiplied forward by type when the run began: resumed, it goes on with the same (`OpenOptions.forward`), since what
 * is fastest is measured and may come out otherwise. Undefined before the first checkpoint.
 */
export async function forwardBegunWith(directory: string): Promise<Record<string, string> | undefined> {
  const parsed = begunWith.safeParse((await latestAlignmentCheckpoint(directory))?.state.parts);
  if (!parsed.success) return undefined;
  return Object.fromEntries(Object.entries(parsed.data.products).map(([type, { forward }]) => [type, forward]));
}

/**
 * Loads the newest whole checkpoint into the trainer; undefined when there is none.
 * @throws run-mismatch when it was made by another model, other data, other settings or on another device
 */
export async function restoreAlignment(
  directory: string,
  trainer: NativeTrainer,
  fingerprint: Fingerprint,
): Promise<Checkpoint<AlignmentState> | undefined> {
  const checkpoint = await latestAlignmentCheckpoint(directory);
  if (checkpoint === undefined) return undefined;
  const { state } = checkpoint;
  const difference = state.parts === undefined ? null : whatDiffers(state.parts, fingerprint.parts);
  if (state.fingerprint !== fingerprint.hash || difference !== null)
    throw new FolkmootError("run-mismatch", {
      message: `The checkpoint of step ${checkpoint.step} in ${directory} belongs to another run${difference === null ? "" : `: ${difference}`}.`,
      reason:
        "The model, the data, the device, its instructions or a setting that changes the numbers is not the one it was made with.",
      action: "Use the same model, data, settings and machine to resume it, or name another folder.",
      details: { directory, expected: fingerprint.hash, found: state.fingerprint, difference },
    });
  await trainer.loadAdapter(checkpoint.adapter);
  await trainer.loadState(checkpoint.file(optimizerFileName));
  return checkpoint;
}

/**
 * Cuts metrics.jsonl back to the steps of the checkpoint that training goes on from (a killed run has written more),
 * and returns them.
 * @throws data-corrupt when fewer are there than the checkpoint has steps, or one cannot be read
 */
export async function trimMetrics(runDirectory: string, steps: number): Promise<MetricsLine[]> {
  const path = join(runDirectory, "metrics.jsonl");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n").filter((line) => line !== "");
  const kept = lines.slice(0, steps);
  const parsed = kept.map((line, index) => parseMetrics(path, line, index + 1));
  if (parsed.length < steps) throw brokenMetrics(path, parsed.length + 1, "it is missing");
  if (lines.length > steps) await writeFileAtomic(path, kept.map((line) => `${line}\n`).join(""));
  return parsed;
}

function parseMetrics(path: string, line: string, step: number): MetricsLine {
  try {
    const parsed = metricsLine.parse(JSON.parse(line));
    if (parsed.step === step) return parsed;
  } catch (error) {
    throw brokenMetrics(path, step, (error as Error).message);
  }
  throw brokenMetrics(path, step, "it is another step's");
}

function brokenMetrics(path: string, step: number, problem: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `The line of step ${step} in ${path} cannot be used: ${problem}.`,
    reason: "The file was changed or damaged after it was written.",
    action: "Restore it from a copy, or start a new run in another folder.",
    details: { path, step },
  });
}
