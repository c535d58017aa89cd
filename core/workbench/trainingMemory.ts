/** The forecast of a training, as a form shows it. */
import { freemem, totalmem } from "node:os";
import { adviceText } from "../alignment/memory/advice.ts";
import { forecastTraining } from "../alignment/memory/forecast.ts";
import { rowEstimator } from "../alignment/memory/rowEstimate.ts";
import type { TrainingShape } from "../alignment/memory/shape.ts";
import type { AlignConfig } from "../contract/alignment.ts";
import type { TrainingMemory } from "../contract/workbench/align.ts";
import type { AlignTools } from "./alignSetup.ts";
import { fitOf } from "./fit.ts";
import { availableBytes } from "./processMemory.ts";

export async function trainingMemoryOf(
  shape: TrainingShape,
  config: AlignConfig,
  { cache, gpus, rowCounts }: Pick<AlignTools, "cache" | "gpus" | "rowCounts">,
): Promise<{ memory: TrainingMemory; parameters: number }> {
  const machine = { available: await availableBytes(freemem()), total: totalmem() };
  const rows = config.data === "" ? null : await rowCounts.of(config);
  const estimator = rows === null ? undefined : rowEstimator(config, rows);
  const tools = { cache, machine, gpus: config.gpu === "off" ? [] : await gpus.list(), estimator };
  const { estimate, card, available, measured, parameters, advice } = await forecastTraining(shape, config, tools);
  const { weights, copies, adapter, activations, keepsActivations, headChunk, block, program, total } = estimate;
  const { free, verdict } = fitOf(total, available);
  const memory: TrainingMemory = {
    card,
    weights,
    copies,
    adapter,
    activations,
    work: Math.max(headChunk, block),
    program,
    total,
    free,
    verdict,
    keepsActivations,
    measured: measured?.whole ?? false,
    ofRows: rows !== null,
    advice:
      advice === null ? null : { text: adviceText(advice, false), changes: { ...advice.changes }, fits: advice.fits },
  };
  return { memory, parameters };
}
