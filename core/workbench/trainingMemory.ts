/** What a training would take of this machine's memory, measured where one of its shape has been run before. */
import { freemem, totalmem } from "node:os";
import { adviceText, adviseMemory } from "../alignment/memory/advice.ts";
import { estimateMemory, type MemorySettings } from "../alignment/memory/estimate.ts";
import { correctEstimate, memoryKey, recallMemory } from "../alignment/memory/history.ts";
import type { TrainingShape } from "../alignment/memory/shape.ts";
import type { TrainingMemory } from "../contract/workbench/align.ts";
import { fitOf } from "./fit.ts";
import { availableBytes } from "./processMemory.ts";

/** @param cache folder in which trainings leave what they took */
export async function trainingMemoryOf(
  shape: TrainingShape,
  settings: MemorySettings,
  cache: string,
): Promise<TrainingMemory> {
  const machine = { available: await availableBytes(freemem()), total: totalmem() };
  const measured = await recallMemory(cache, memoryKey(shape, settings));
  const estimate = correctEstimate(estimateMemory(shape, settings, machine.total), measured);
  const { weights, transposed, adapter, activations, keepsActivations, headChunk, block, total } = estimate;
  const { free, verdict } = fitOf(total, machine.available);
  const advice = verdict === "does-not-fit" ? adviseMemory(shape, settings, machine) : null;
  return {
    weights,
    transposed,
    adapter,
    activations,
    work: Math.max(headChunk, block),
    total,
    free,
    verdict,
    keepsActivations,
    measured: measured !== null,
    advice: advice === null ? null : { text: adviceText(advice), changes: { ...advice.changes }, fits: advice.fits },
  };
}
