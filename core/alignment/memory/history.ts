/**
 * What trainings have really taken, by shape, settings and rows: one small file, so that the next estimate of the same
 * training is the measured figure. It is a convenience: a file that cannot be read counts as empty.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeJsonAtomic } from "../../workspace/atomicFile.ts";
import { sha256 } from "../../workspace/hash.ts";
import type { TrainerMemory } from "../nativeTrainer.ts";
import type { MemoryEstimate, MemorySettings } from "./estimate.ts";
import type { TrainingShape } from "./shape.ts";

const fileName = "training-memory.json";
/** Trainings that are remembered, the newest of them. */
const kept = 200;

export const measuredTraining = z.object({
  weights: z.number(),
  copies: z.number(),
  adapter: z.number(),
  activations: z.number(),
  arena: z.number(),
  /** Largest resident set of the process, mapped weights included; null where it was not known. */
  resident: z.number().nullable(),
  /** Whether every row went through: else a longer one may still come. */
  whole: z.boolean(),
});
export type MeasuredTraining = z.infer<typeof measuredTraining>;

const historyFile = z.object({
  version: z.literal(3),
  trainings: z.array(z.object({ key: z.string(), measured: measuredTraining })),
});

export interface TrainingPlace {
  /** Hash of the file of rows: the longest of them decide how large the largest pass is. */
  readonly data: string;
  /** Layers that live on the GPU; null, the default: the processor. */
  readonly gpuLayers?: number | null;
}

/** Names a training by all that its memory depends on. */
export function memoryKey(
  shape: TrainingShape,
  settings: MemorySettings,
  { data, gpuLayers = null }: TrainingPlace,
): string {
  const { lora, loss, maxLength, maxRejected, batchTokens, accumulation, activations } = settings;
  const { rank, ranks, targets, layers } = lora;
  const adapter = [rank, ranks, targets, layers];
  const pass = [maxLength, maxRejected, batchTokens, accumulation, activations];
  return sha256(JSON.stringify([shape, ...adapter, loss, ...pass, gpuLayers, data]));
}

/** A part of a training does not replace a whole one. @param folder the cache that runs share; made when missing */
export async function rememberMemory(folder: string, key: string, measured: MeasuredTraining): Promise<void> {
  await mkdir(folder, { recursive: true });
  const known = await readHistory(folder);
  const before = known.find((entry) => entry.key === key)?.measured;
  if (before?.whole === true && !measured.whole) return;
  const others = known.filter((entry) => entry.key !== key);
  const resident = measured.resident ?? before?.resident ?? null;
  const trainings = [...others, { key, measured: { ...measured, resident } }].slice(-kept);
  await writeJsonAtomic(join(folder, fileName), { version: 3, trainings });
}

/** Null before the first such training. */
export async function recallMemory(folder: string, key: string): Promise<MeasuredTraining | null> {
  return (await readHistory(folder)).find((entry) => entry.key === key)?.measured ?? null;
}

/** The estimate with the parts that were measured, where every row went through. */
export function correctEstimate(estimate: MemoryEstimate, measured: MeasuredTraining | null): MemoryEstimate {
  if (measured === null || !measured.whole) return estimate;
  const { weights, copies, adapter, activations, arena, resident } = measured;
  const held = heldMemory(measured);
  // On a card the estimate has no program beside it.
  const isMeasured = resident !== null && estimate.program > 0;
  const program = isMeasured ? Math.max(0, resident - held) : estimate.program;
  const work = { headChunk: Math.min(estimate.headChunk, arena), block: arena };
  return { ...estimate, weights, copies, adapter, activations, ...work, program, total: held + program };
}

/** Bytes that the trainer itself holds. */
export function heldMemory({ weights, copies, adapter, activations, arena }: TrainerMemory): number {
  return weights + copies + adapter + activations + arena;
}

async function readHistory(folder: string): Promise<z.infer<typeof historyFile>["trainings"]> {
  try {
    return historyFile.parse(JSON.parse(await readFile(join(folder, fileName), "utf8"))).trainings;
  } catch {
    return [];
  }
}
