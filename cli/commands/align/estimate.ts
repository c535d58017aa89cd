/** `folkmoot align --estimate`: what a training would take of this machine's memory. Reads headers and rows, loads nothing. */
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import { checkSettings, checkShape, noPairs } from "../../../core/alignment/checkJob.ts";
import { adviceText } from "../../../core/alignment/memory/advice.ts";
import { checkCard } from "../../../core/alignment/memory/card.ts";
import { forecastTraining, type TrainingForecast } from "../../../core/alignment/memory/forecast.ts";
import { heldMemory, type MeasuredTraining } from "../../../core/alignment/memory/history.ts";
import { rowEstimator } from "../../../core/alignment/memory/rowEstimate.ts";
import { lengthOf } from "../../../core/alignment/memory/rowSizes.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import type { AlignConfig } from "../../../core/contract/alignment.ts";
import type { GpuFacts } from "../../../core/contract/device.ts";
import type { RowSizes } from "../../../core/contract/rowSizes.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { checkModelHeader } from "../../../core/models/modelChecks.ts";
import { checkTrainable } from "../../../core/models/trainable.ts";
import { availableBytes } from "../../../core/workbench/processMemory.ts";
import { formatBytes, formatCount } from "../../output/format.ts";
import { renderPairs } from "../../output/table.ts";

export interface AlignEstimate extends Omit<TrainingForecast, "advice"> {
  /** What to do where it does not fit. */
  readonly advice: string | null;
  /** Of the data: how many there are, and the longest query and response together as it is trained, tokens; null where none are named. */
  readonly rows: { readonly count: number; readonly longest: number } | null;
}

export interface EstimateTools {
  /** Run directory; its own cache serves where there is no shared one. */
  readonly directory: string;
  readonly cache: string | null;
  readonly gpus: readonly GpuFacts[];
  /** Counts the tokens of the data; null where none are named. */
  readonly countRows: (() => Promise<RowSizes>) | null;
}

/** @throws as `readGgufHeader` and `countRows`; `model-unsupported` for a model that cannot be trained, `bad-setting` */
export async function estimateAlign(
  config: AlignConfig,
  { directory, cache, gpus, countRows }: EstimateTools,
): Promise<{ result: AlignEstimate; text: string }> {
  const header = await readGgufHeader(config.model);
  checkModelHeader(header);
  checkTrainable(header);
  checkCard(config, gpus);
  const shape = trainingShape(header);
  checkSettings(config, true);
  checkShape(config, shape);
  const machine = { available: await availableBytes(freemem()), total: totalmem() };
  const rows = countRows === null ? null : await countRows();
  if (rows?.training.length === 0) throw noPairs(config.loss, config.data);
  const tools = { cache: cache ?? join(directory, "cache"), machine, gpus };
  const estimator = rows === null ? undefined : rowEstimator(config, rows);
  const forecast = await forecastTraining(shape, config, { ...tools, estimator });
  const advice = forecast.advice === null ? null : adviceText(forecast.advice, false);
  const result = { ...forecast, advice, rows: rows === null ? null : summaryOf(rows, config.maxLength) };
  return { result, text: estimateText(result) };
}

function estimateText({ estimate, card, measured, parameters, available, advice, rows: data }: AlignEstimate): string {
  const { weights, copies, adapter, activations, keepsActivations, headChunk, block, program, total, rows } = estimate;
  const pairs = renderPairs([
    ["computes on", card === null ? "the processor" : `${card.name}: ${card.gpuLayers} of ${card.layers} layers`],
    ["weights", `${formatBytes(weights)} (${card === null ? "the file, mapped" : "on the card"})`],
    ["copies of weights", formatBytes(copies)],
    ["adapter and moments", `${formatBytes(adapter)} (${formatCount(parameters)} weights)`],
    ["activations", `${formatBytes(activations)} (${keepsActivations ? "kept" : "computed again block by block"})`],
    ["head chunk", formatBytes(headChunk)],
    ["one block", `${formatBytes(block)} (the larger of these two counts)`],
    ...(card === null ? [["the program itself", formatBytes(program)] satisfies [string, string]] : []),
    ["total", `${formatBytes(total)}, ${formatBytes(available)} are free`],
    ["largest pass", `${formatCount(rows)} rows`],
  ]);
  return [pairs, sourceText(measured, data), ...(advice === null ? [] : [advice])].join("\n");
}

function summaryOf({ training, evaluation }: RowSizes, maxLength: number): AlignEstimate["rows"] {
  const rows = [...training, ...evaluation];
  const longest = rows.reduce((most, row) => Math.max(most, lengthOf(row)), 0);
  return { count: rows.length, longest: Math.min(longest, maxLength) };
}

function sourceText(measured: MeasuredTraining | null, rows: AlignEstimate["rows"]): string {
  const estimated =
    rows === null
      ? "An estimate for the longest rows that the settings allow; name the rows with --data, and it is for those."
      : `An estimate for the ${formatCount(rows.count)} rows, of up to ${formatCount(rows.longest)} tokens.`;
  if (measured === null) return estimated;
  if (measured.whole) return "Measured in this training before.";
  const taken = formatBytes(measured.resident ?? heldMemory(measured));
  return `${estimated}\nThis training took ${taken} before, with a part of the rows.`;
}
