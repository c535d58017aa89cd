/** A training on a graphics card: which card, how many layers live there, what it takes of its memory. Pure. */
import type { GpuFacts } from "../../contract/device.ts";
import { chooseCard, noGpu } from "../../models/llama/computeDevice.ts";
import type { Advice, Machine } from "./advice.ts";
import { type Estimator, estimateMemory, type MemoryEstimate, type MemorySettings } from "./estimate.ts";
import { gpuLayersThatFit, gpuWeightParts, suitsGpu } from "./gpuLayers.ts";
import type { TrainingShape } from "./shape.ts";

/** The card that the settings choose; null = the processor, or a kind without a card. */
export function cardFor(shape: TrainingShape, settings: MemorySettings, gpus: readonly GpuFacts[]): GpuFacts | null {
  return chooseCard(settings.gpu, gpus, (freeBytes) => suitsGpu(shape, settings, freeBytes));
}

/** @throws FolkmootError `device-unsupported` where the settings name a kind that this machine has no card of */
export function checkCard({ gpu }: Pick<MemorySettings, "gpu">, gpus: readonly GpuFacts[]): void {
  if (gpu !== "auto" && gpu !== "off" && !gpus.some(({ kind }) => kind === gpu)) throw noGpu(gpu);
}

/** Layers that live on a card with so much free; 0 where not even the working memory fits. */
export function layersOnCard(shape: TrainingShape, settings: MemorySettings, freeBytes: number): number {
  const { gpuLayers } = settings;
  if (gpuLayers !== "auto") return Math.min(gpuLayers, shape.layers);
  return gpuLayersThatFit(shape, settings, freeBytes) ?? 0;
}

/** Where the settings leave it open, activations are kept in a quarter of what weights leave free. */
export function estimateOnCard(
  shape: TrainingShape,
  settings: MemorySettings,
  { gpuLayers, freeBytes }: { readonly gpuLayers: number; readonly freeBytes: number },
  estimator: Estimator = estimateMemory,
): MemoryEstimate {
  const { weights, copies } = gpuWeightParts(shape, gpuLayers);
  const whole = estimator(shape, settings, Math.max(0, freeBytes - weights - copies), "gpu");
  return {
    ...whole,
    weights,
    copies,
    total: whole.total - whole.weights - whole.copies + weights + copies,
  };
}

/** For a training that does not fit the card: as many layers there as fit, else the processor. */
export function adviseCard(
  shape: TrainingShape,
  settings: MemorySettings,
  { freeBytes }: GpuFacts,
  machine: Machine,
  estimator: Estimator = estimateMemory,
): Advice {
  const fitting = gpuLayersThatFit(shape, settings, freeBytes);
  if (fitting !== null) {
    const estimate = estimateOnCard(shape, settings, { gpuLayers: fitting, freeBytes }, estimator);
    return { changes: { gpuLayers: fitting }, estimate, fits: true };
  }
  const estimate = estimator(shape, settings, machine.total);
  return { changes: { gpu: "off" }, estimate, fits: estimate.total <= machine.available };
}
