/** Where a model computes: the processor, or a GPU of a kind that llama.cpp knows. */
import { z } from "zod";

export const gpuKinds = ["cuda", "vulkan", "metal"] as const;
export type GpuKind = (typeof gpuKinds)[number];

/** `auto`: a real GPU where that is worth it, else the processor; a kind by name: its first GPU, or an error. */
export const gpuChoice = z.enum(["auto", "off", ...gpuKinds]);
export type GpuChoice = z.infer<typeof gpuChoice>;

/** Layers that live on the GPU. `auto`: as many as fit; more than there are: all. */
export const gpuLayers = z.union([z.literal("auto"), z.number().int().nonnegative()]);
export type GpuLayers = z.infer<typeof gpuLayers>;

/** Compute threads; 0 = as many as there are cores. More than there are: those (`usableThreads`). */
export const computeThreads = z.number().int().min(0).max(1024);

export const gpuFacts = z.object({
  kind: z.enum(gpuKinds),
  /** Of the card, such as `NVIDIA GeForce RTX 4090`. */
  name: z.string(),
  /** Mesa's llvmpipe and its like: Vulkan computed by the processor, for tests. */
  software: z.boolean(),
  freeBytes: z.number(),
  totalBytes: z.number(),
});
export type GpuFacts = z.infer<typeof gpuFacts>;
