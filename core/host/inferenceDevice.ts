/** Where the models of a job compute. */
import type { GpuChoice, GpuKind } from "../contract/device.ts";
import type { EmitEvent } from "../contract/events.ts";
import { readGgufHeader } from "../models/ggufHeader.ts";
import { estimateMemory } from "../models/inspect.ts";
import { chooseDevice } from "../models/llama/computeDevice.ts";
import { llamaDevices } from "../models/llama/gpus.ts";
import type { Place } from "../models/llama/runtime.ts";
import { modelPath } from "../models/splitModel.ts";

/** Below so many bytes of weights the processor is as fast, and its texts are the same everywhere. */
const leastBytes = 512 * 1024 * 1024;
/** Of weights and contexts that a card should hold to be worth its while. */
const leastShare = 0.5;

export interface InferenceNeeds {
  readonly gpu: GpuChoice;
  /** Paths; each model counts once. */
  readonly models: readonly string[];
  readonly sequences: number;
  readonly contextSize?: number | null;
}

/** What the models of a job take together, bytes: weights alone, and with their contexts. */
export interface InferenceSize {
  readonly weights: number;
  readonly total: number;
}

/** Whether `auto` takes a card with so much free; null asks for the models' sake alone. */
export function isWorthAGpu({ weights, total }: InferenceSize, freeBytes: number | null): boolean {
  return weights >= leastBytes && (freeBytes === null || freeBytes >= leastShare * total);
}

/** @throws FolkmootError as `chooseDevice` and `readGgufHeader` */
export async function inferenceDevice({ gpu, ...needs }: InferenceNeeds): Promise<GpuKind | null> {
  const size = await inferenceSize(needs);
  // No driver is asked where the answer is known.
  if (gpu === "auto" && !isWorthAGpu(size, null)) return null;
  return chooseDevice(gpu, (freeBytes) => isWorthAGpu(size, freeBytes), llamaDevices);
}

async function inferenceSize({ models, sequences, contextSize = null }: Omit<InferenceNeeds, "gpu">) {
  const size = { weights: 0, total: 0 };
  for (const path of new Set(models.map(modelPath))) {
    const { weights, total } = estimateMemory(await readGgufHeader(path), sequences, contextSize);
    size.weights += weights;
    size.total += total;
  }
  return size;
}

/** Says of every model on a GPU how much of it lives there. */
export function announcePlaces(places: readonly Place[], emit: EmitEvent): void {
  for (const place of places) if (place.gpuLayers !== null) emit({ type: "device", ...place });
}
