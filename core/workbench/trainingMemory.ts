/** The forecast of a training, as a form shows it. */
import { freemem, totalmem } from "node:os";
import { adviceText } from "../alignment/memory/advice.ts";
import { forecastTraining } from "../alignment/memory/forecast.ts";
import type { TrainingShape } from "../alignment/memory/shape.ts";
import type { AlignConfig } from "../contract/alignment.ts";
import type { TrainingMemory } from "../contract/workbench/align.ts";
import { fitOf } from "./fit.ts";
import { availableBytes } from "./processMemory.ts";

/** @param cache folder in which trainings leave what they took */
export async function trainingMemoryOf(
  shape: TrainingShape,
  config: AlignConfig,
  cache: string,
): Promise<{ memory: TrainingMemory; parameters: number }> {
  const machine = { available: await availableBytes(freemem()), total: totalmem() };
  const { estimate, measured, parameters, advice } = await forecastTraining(shape, config, { cache, machine });
  const { weights, transposed, adapter, activations, keepsActivations, headChunk, block, total } = estimate;
  const { free, verdict } = fitOf(total, machine.available);
  const memory: TrainingMemory = {
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
  return { memory, parameters };
}
