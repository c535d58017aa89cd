/** What a training would take of this machine, measured where the same one has been run before. */
import type { AlignConfig } from "../../contract/alignment.ts";
import type { GpuFacts } from "../../contract/device.ts";
import { hashFile } from "../../workspace/hash.ts";
import { type Advice, adviseMemory, type Machine } from "./advice.ts";
import { adviseCard, cardFor, estimateOnCard, layersOnCard } from "./card.ts";
import { type Estimator, estimateMemory, type MemoryEstimate } from "./estimate.ts";
import { correctEstimate, type MeasuredTraining, memoryKey, recallMemory } from "./history.ts";
import { adapterWeights, type TrainingShape } from "./shape.ts";

export interface TrainingForecast {
  /** Bytes by part, for the largest forward pass that rows or settings allow: of the card's memory where there is one. */
  readonly estimate: MemoryEstimate;
  /** The card that the training goes to; null: the processor. */
  readonly card: { readonly name: string; readonly gpuLayers: number; readonly layers: number } | null;
  /** Bytes free where it computes. */
  readonly available: number;
  /** What a training of this shape, with these settings and rows, took before; null when there was none. */
  readonly measured: MeasuredTraining | null;
  /** Weights that are trained. */
  readonly parameters: number;
  readonly fits: boolean;
  /** What to change where it does not fit; null where it does. */
  readonly advice: Advice | null;
}

export interface ForecastTools {
  /** Folder in which trainings leave what they took. */
  readonly cache: string;
  readonly machine: Machine;
  readonly gpus: readonly GpuFacts[];
  /** Of the rows; default: for whatever the settings allow. */
  readonly estimator?: Estimator | undefined;
}

/** The rows may be missing: then it is an estimate. */
export async function forecastTraining(
  shape: TrainingShape,
  config: AlignConfig,
  { cache, machine, gpus, estimator = estimateMemory }: ForecastTools,
): Promise<TrainingForecast> {
  const card = cardFor(shape, config, gpus);
  const gpuLayers = card === null ? null : layersOnCard(shape, config, card.freeBytes);
  const data = await hashFile(config.data).catch(() => null);
  const measured = data === null ? null : await recallMemory(cache, memoryKey(shape, config, { data, gpuLayers }));
  const available = card?.freeBytes ?? machine.available;
  const expected =
    gpuLayers === null
      ? estimator(shape, config, machine.total)
      : estimateOnCard(shape, config, { gpuLayers, freeBytes: available }, estimator);
  const estimate = correctEstimate(expected, measured);
  const fits = estimate.total <= available;
  const advise = () =>
    card === null
      ? adviseMemory(shape, config, machine, estimator)
      : adviseCard(shape, config, card, machine, estimator);
  return {
    estimate,
    card: card === null || gpuLayers === null ? null : { name: card.name, gpuLayers, layers: shape.layers },
    available,
    measured,
    parameters: adapterWeights(shape, config.lora),
    fits,
    advice: fits ? null : advise(),
  };
}
