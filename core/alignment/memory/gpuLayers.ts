/**
 * How many layers of a training fit a GPU: as native/src/placement.cpp counts, from a model's header alone. The upper
 * layers live there, head, norms and biases too; the others share the memory of the largest of them. Pure.
 */
import { estimateMemory, type MemorySettings, transposedBytes } from "./estimate.ts";
import type { TrainingShape } from "./shape.ts";

/** Left free in any case: a screen is drawn by the same card. */
const margin = 256 * 2 ** 20;
/** Estimates of working memory are this close. */
const caution = 1.15;

/**
 * Bytes of adapter, activations and working memory on a GPU, with a margin: what the trainer's `reserveBytes` keeps
 * free of weights. Automatic activations are kept only where memory is left over, so they count as computed again.
 */
export function gpuReserve(shape: TrainingShape, settings: MemorySettings): number {
  const { activations } = settings;
  const least = { ...settings, activations: activations === "automatic" ? ("recompute" as const) : activations };
  const estimate = estimateMemory(shape, least, Number.POSITIVE_INFINITY, "gpu");
  const work = estimate.adapter + estimate.activations + Math.max(estimate.headChunk, estimate.block);
  return margin + Math.ceil(caution * work);
}

export interface GpuWeights {
  readonly weights: number;
  readonly copies: number;
}

/** Bytes of weights and of transposed copies on a GPU where so many layers live. */
export function gpuWeightParts(shape: TrainingShape, gpuLayers: number): GpuWeights {
  const streamed = Math.max(0, shape.layers - gpuLayers);
  const ofLayer = Array.from({ length: streamed }, () => ({ weights: 0, copies: 0 }));
  let weights = shape.fileBytes - shape.embeddingBytes;
  let copies = transposedBytes(shape.head);
  for (const linear of shape.linears) {
    const copy = transposedBytes(linear);
    const coming = linear.layer === null ? undefined : ofLayer[linear.layer];
    if (coming === undefined) copies += copy;
    else {
      weights -= linear.bytes;
      coming.weights += linear.bytes;
      coming.copies += copy;
    }
  }
  // Those that come when they are needed share the room of the largest of them.
  return {
    weights: weights + Math.max(0, ...ofLayer.map((layer) => layer.weights)),
    copies: copies + Math.max(0, ...ofLayer.map(({ copies }) => copies)),
  };
}

export function gpuWeights(shape: TrainingShape, gpuLayers: number): number {
  const { weights, copies } = gpuWeightParts(shape, gpuLayers);
  return weights + copies;
}

/** The most layers that can live on a GPU with so many bytes free; null where a training does not fit it at all. */
export function gpuLayersThatFit(shape: TrainingShape, settings: MemorySettings, freeBytes: number): number | null {
  const left = freeBytes - gpuReserve(shape, settings);
  for (let layers = shape.layers; layers >= 0; layers--) if (gpuWeights(shape, layers) <= left) return layers;
  return null;
}

/**
 * Whether `--gpu auto` takes a GPU: where the layers that were asked for fit, or of itself at least a half of them. With
 * fewer, copying them there takes more time than a GPU saves.
 */
export function suitsGpu(shape: TrainingShape, settings: MemorySettings, freeBytes: number): boolean {
  const fitting = gpuLayersThatFit(shape, settings, freeBytes);
  if (fitting === null) return false;
  const { gpuLayers } = settings;
  return fitting >= (gpuLayers === "auto" ? shape.layers / 2 : Math.min(gpuLayers, shape.layers));
}

/** The most layers that take a fifth less memory than `gpuLayers` do; 0 where none does. */
export function fewerGpuLayers(shape: TrainingShape, gpuLayers: number): number {
  const most = 0.8 * gpuWeights(shape, gpuLayers);
  let layers = gpuLayers - 1;
  while (layers > 0 && gpuWeights(shape, layers) > most) layers--;
  return Math.max(0, layers);
}
