/**
 * What trainings have really taken, by shape and settings: one small file, so that the next estimate of the same shape
 * is the measured figure. It is a convenience: a file that cannot be read counts as empty.
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
/** Shapes that are remembered, the newest of them. */
const kept = 200;

export const measuredTraining = z.object({
  weights: z.number(),
  transposed: z.number(),
  adapter: z.number(),
  activations: z.number(),
  arena: z.number(),
  /** Largest resident set of the process, mapped weights included; null where it was not known. */
  resident: z.number().nullable(),
});
export type MeasuredTraining = z.infer<typeof measuredTraining>;

const historyFile = z.object({
  version: z.literal(1),
  trainings: z.array(z.object({ key: z.string(), measured: measuredTraining })),
});

/**
 * Names a training by all that its memory depends on but the rows themselves.
 *
 * @param gpuLayers layers that live on the GPU; null on the processor
 */
export function memoryKey(shape: TrainingShape, settings: MemorySettings, gpuLayers: number | null = null): string {
  const { lora, loss, maxLength, maxRejected, batchTokens, activations } = settings;
  const { rank, ranks, targets, layers } = lora;
  const adapter = [rank, ranks, targets, layers];
  const pass = [maxLength, maxRejected, batchTokens, activations];
  return sha256(JSON.stringify([shape, ...adapter, loss, ...pass, gpuLayers]));
}

/** @param folder the cache that runs share; made when missing */
export async function rememberMemory(folder: string, key: string, measured: MeasuredTraining): Promise<void> {
  await mkdir(folder, { recursive: true });
  const others = (await readHistory(folder)).filter((entry) => entry.key !== key);
  const trainings = [...others, { key, measured }].slice(-kept);
  await writeJsonAtomic(join(folder, fileName), { version: 1, trainings });
}

/** Null before the first training of this shape. */
export async function recallMemory(folder: string, key: string): Promise<MeasuredTraining | null> {
  return (await readHistory(folder)).find((entry) => entry.key === key)?.measured ?? null;
}

/** The estimate with the parts that were measured; the largest of several passes stays the largest. */
export function correctEstimate(estimate: MemoryEstimate, measured: MeasuredTraining | null): MemoryEstimate {
  if (measured === null) return estimate;
  const { weights, transposed, adapter, activations, arena } = measured;
  const total = totalMemory(measured);
  const headChunk = Math.min(estimate.headChunk, arena);
  return { ...estimate, weights, transposed, adapter, activations, headChunk, block: arena, total };
}

export function totalMemory({ weights, transposed, adapter, activations, arena }: TrainerMemory): number {
  return weights + transposed + adapter + activations + arena;
}

async function readHistory(folder: string): Promise<z.infer<typeof historyFile>["trainings"]> {
  try {
    return historyFile.parse(JSON.parse(await readFile(join(folder, fileName), "utf8"))).trainings;
  } catch {
    return [];
  }
}
