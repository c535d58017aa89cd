/** What a training would take of this machine, measured where one of its shape and settings has been run before. */
import type { AlignConfig } from "../../contract/alignment.ts";
import { type Advice, adviseMemory, type Machine } from "./advice.ts";
import { estimateMemory, type MemoryEstimate } from "./estimate.ts";
import { correctEstimate, type MeasuredTraining, memoryKey, recallMemory } from "./history.ts";
import { adapterWeights, type TrainingShape } from "./shape.ts";

export interface TrainingForecast {
  /** Bytes by part, for the largest forward pass that the settings allow. */
  readonly estimate: MemoryEstimate;
  /** What a training of this shape and these settings took before; null when there was none. */
  readonly measured: MeasuredTraining | null;
  /** Weights that are trained. */
  readonly parameters: number;
  readonly fits: boolean;
  /** What to change where it does not fit; null where it does. */
  readonly advice: Advice | null;
}

/** @param cache folder in which trainings leave what they took */
export async function forecastTraining(
  shape: TrainingShape,
  config: AlignConfig,
  { cache, machine }: { readonly cache: string; readonly machine: Machine },
): Promise<TrainingForecast> {
  const measured = await recallMemory(cache, memoryKey(shape, config));
  const estimate = correctEstimate(estimateMemory(shape, config, machine.total), measured);
  const fits = estimate.total <= machine.available;
  const advice = fits ? null : adviseMemory(shape, config, machine);
  return { estimate, measured, parameters: adapterWeights(shape, config.lora), fits, advice };
}
