/**
 * The trainer loop: alignment rows → LoRA update (paper section 3). The numbers depend on model, data, settings and
 * seed alone: a run that was killed and resumed equals one that was not.
 */
import { join } from "node:path";
import { type AlignConfig, metricsLine } from "../contract/alignment.ts";
import type { EmitEvent } from "../contract/events.ts";
import { type LongRope, usesLongFactors } from "../models/longRope.ts";
import type { Checkpoint } from "../workspace/checkpoint.ts";
import { openEventLog } from "../workspace/eventLog.ts";
import { hashFile, hashModel } from "../workspace/hash.ts";
import type { RunDirectory } from "../workspace/runDirectory.ts";
import {
  type AlignmentState,
  bestCheckpoint,
  latestAlignmentCheckpoint,
  restoreAlignment,
  trimMetrics,
} from "./alignmentCheckpoint.ts";
import { AlignmentLoop, type EndReason, type LoopParts, type LoopStart, type References } from "./alignmentLoop.ts";
import { type AlignmentResult, summarizeCurve, summarizeLoss } from "./alignmentResult.ts";
import { stoppedBeforeFirstStep } from "./cancellation.ts";
import { checkRows, checkSettings, limitLength, tellFactors } from "./checkJob.ts";
import type { AlignmentControls } from "./controls.ts";
import { mendBest, tellPassedOver } from "./damagedCheckpoints.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { needsReference } from "./losses/index.ts";
import { adviceText, adviseMemory, explainOutOfMemory, type Machine, mebibytes } from "./memory/advice.ts";
import { estimateOnCard } from "./memory/card.ts";
import type { MemoryEstimate } from "./memory/estimate.ts";
import { memoryKey, rememberMemory } from "./memory/history.ts";
import { rowEstimator } from "./memory/rowEstimate.ts";
import { sizesOf } from "./memory/rowSizes.ts";
import type { TrainingShape } from "./memory/shape.ts";
import type { NativeTrainer, NewAdapter, TrainerMemory } from "./nativeTrainer.ts";
import { planSteps } from "./plan.ts";
import { type PreparedRows, prepareRows } from "./prepareRows.ts";
import { referenceLogps } from "./referenceLogps.ts";
import { ReferenceStore } from "./referenceStore.ts";
import { type Sampler, Samples } from "./samples.ts";
import type { Tokenizer } from "./tokenizeRows.ts";

export type { AlignmentResult } from "./alignmentResult.ts";

export interface AlignmentJob {
  readonly config: AlignConfig;
  readonly run: Pick<RunDirectory, "path" | "checkpoints" | "journal">;
  /** Opened on `config.model`; its adapter is replaced. Stays open: whoever opened it disposes of it. */
  readonly trainer: NativeTrainer;
  /** Of `config.model`. */
  readonly tokenizer: Tokenizer;
  readonly emit: EmitEvent;
  readonly signal?: AbortSignal | undefined;
  /** Seconds of a monotonic clock; default `performance.now() / 1000`. */
  readonly clock?: () => number;
  /** Folder that runs may share for what they need not compute twice; default `cache` in the run's own. */
  readonly cache?: string | undefined;
  /** Speaks for base and adapter; needed where `config.samples.every` is not 0. */
  readonly sampler?: Sampler | undefined;
  readonly controls?: AlignmentControls | undefined;
  /** Of `config.model`; default: it has none. */
  readonly longRope?: LongRope | null | undefined;
  /** Shape of `config.model` and the machine; without it memory is neither estimated nor explained. */
  readonly memory?: JobMemory | undefined;
}

export interface JobMemory extends Machine {
  readonly shape: TrainingShape;
  /** Largest resident set of the process during this training, bytes; null where an earlier one took more. */
  readonly resident: () => number | null;
}

/**
 * Trains, resumes, or (when everything is done) only reports. Writes metrics.jsonl, events.jsonl, samples.jsonl and
 * checkpoints.
 * @throws bad-setting; data-not-found, data-corrupt; run-mismatch; training-diverged (older checkpoints stay);
 *   cancelled (after a checkpoint of the last whole step)
 */
export async function runAlignment(job: AlignmentJob): Promise<AlignmentResult> {
  const { config, run, memory } = job;
  checkSettings(config, job.sampler !== undefined);
  await using events = await openEventLog(run, job.emit);
  const clock = job.clock ?? (() => performance.now() / 1000);
  const cache = job.cache ?? join(run.path, "cache");
  try {
    return await runWatched({ ...job, cache, emit: events.emit, clock });
  } catch (error) {
    const gpuLayers = job.trainer.info.gpuLayers ?? undefined;
    throw memory === undefined ? error : explainOutOfMemory(error, memory.shape, config, memory, gpuLayers);
  }
}

type Watched = AlignmentJob & { readonly clock: () => number; readonly cache: string };

async function runWatched(job: Watched): Promise<AlignmentResult> {
  const { config, run, trainer, emit, signal, clock } = job;
  const started = clock();
  const { device, products, layers, gpuLayers } = trainer.info;
  emit({ type: "device", device, layers, gpuLayers });
  await tellCopies(trainer, emit);
  const longRope = job.longRope ?? null;
  tellFactors(config, longRope, emit);
  const rows = await prepareRows(limitLength(config, trainer.info, emit, longRope), job.tokenizer, signal);
  checkRows(config, rows, emit);
  const memoryEstimate = expectMemory(job, rows);
  const files = { model: await hashModel(config.model, signal), data: await hashFile(config.data, signal) };
  const fingerprint = fingerprintOf(config, { ...files, device, products });
  const resumed = await restoreAlignment(run.checkpoints, trainer, fingerprint);
  await tellPassedOver(run.checkpoints, resumed?.step ?? null, emit);
  if (resumed === undefined) await trainer.newAdapter(adapterOf(config));
  else await mendBest(run.path, resumed.state.evaluations, emit);
  const references = await referencesOf(rows, job);
  const step = resumed?.step ?? 0;
  const losses = (await trimMetrics(run.path, step)).map((line) => line.loss);
  const plan = planSteps(rows.training.length, config);
  const metrics = await run.journal("metrics", metricsLine);
  const parts = { config, plan, rows, references, fingerprint, trainer, metrics, clock, signal };
  const start = { step, losses, evaluations: resumed?.state.evaluations ?? [] };
  const { loop, ended } = await train(job, parts, start);
  const last = (await latestAlignmentCheckpoint(run.checkpoints)) as Checkpoint<AlignmentState>;
  const memory = await trainer.memory();
  const passed = (loop.losses.length - step) * config.accumulation;
  if (passed > 0) await remember(job, files.data, { ...memory, whole: passed >= rows.training.length });
  return {
    steps: loop.losses.length,
    plannedSteps: plan.steps,
    ended,
    resumedFrom: step,
    rows: { training: rows.training.length, evaluation: rows.evaluation.length, ...rows.counts },
    loss: summarizeLoss(loop.losses),
    evaluation: summarizeCurve(loop.evaluations),
    best: await bestCheckpoint(run.path),
    tokensPerSecond: loop.seconds > 0 ? loop.tokens / loop.seconds : null,
    seconds: clock() - started,
    memory,
    memoryEstimate,
    adapter: last.adapter,
    fingerprint: fingerprint.hash,
  };
}

/** On the processor weights are copied only where that is faster and memory is left. */
async function tellCopies(trainer: NativeTrainer, emit: EmitEvent): Promise<void> {
  const { gpuLayers, products } = trainer.info;
  const { copies } = await trainer.memory();
  if (gpuLayers !== null || copies === 0) return;
  const ways = Object.entries(products).map(([type, { forward }]) => `${type} by ${forward}`);
  const message = `A copy of weights is kept, ${mebibytes(copies)}, because this processor multiplies faster with it: ${ways.join(", ")}.`;
  emit({ type: "notice", message });
}

/** The estimate, with a word of warning where it does not fit what is free. */
function expectMemory({ config, trainer, memory, emit }: Watched, rows: PreparedRows): MemoryEstimate | null {
  if (memory === undefined) return null;
  const estimator = rowEstimator(config, sizesOf(rows));
  const { gpuLayers } = trainer.info;
  // The trainer has looked at the card itself, and has left room for all of this.
  if (gpuLayers !== null)
    return estimateOnCard(memory.shape, config, { gpuLayers, freeBytes: Number.POSITIVE_INFINITY }, estimator);
  const estimate = estimator(memory.shape, config, memory.total);
  if (estimate.total <= memory.available) return estimate;
  const advice = adviceText(adviseMemory(memory.shape, config, memory, estimator), true);
  const message = `This training may take ${mebibytes(estimate.total)}, and ${mebibytes(memory.available)} are free. ${advice}`;
  emit({ type: "warning", message, details: { ...estimate, available: memory.available } });
  return estimate;
}

/** A full disk costs the figure, not the run. */
async function remember(
  { config, trainer, memory, cache }: Watched,
  data: string,
  measured: TrainerMemory & { readonly whole: boolean },
): Promise<void> {
  if (memory === undefined) return;
  const key = memoryKey(memory.shape, config, { data, gpuLayers: trainer.info.gpuLayers });
  await rememberMemory(cache, key, { ...measured, resident: memory.resident() }).catch(() => undefined);
}

async function train(
  { config, run, trainer, emit, signal, sampler, controls }: Watched,
  parts: Omit<LoopParts, "directory" | "checkpoints" | "samples" | "emit" | "whilePaused">,
  start: LoopStart,
): Promise<{ loop: AlignmentLoop; ended: EndReason }> {
  const sampling = { directory: run.path, settings: config.samples, trainer, emit, signal };
  await using samples =
    sampler === undefined || config.samples.every === 0
      ? null
      : await Samples.open({ ...sampling, sampler }, start.step);
  const { path: directory, checkpoints } = run;
  const whilePaused = pauseOf({ controls, emit, signal });
  const loop = new AlignmentLoop({ ...parts, directory, checkpoints, samples, emit, whilePaused }, start);
  return { loop, ended: await loop.run() };
}

/** Waits while a person holds the run, and says so. */
function pauseOf({ controls, emit, signal }: Pick<Watched, "controls" | "emit" | "signal">) {
  return async () => {
    if (controls?.state !== "paused") return;
    emit({ type: "paused" });
    await controls.whilePaused(signal);
    emit({ type: "resumed" });
  };
}

/** Once, before the first step, with the adapter off; what the disk remembers is not computed again. */
async function referencesOf(rows: PreparedRows, job: Watched): Promise<References | null> {
  const { config, trainer, emit, clock, signal, cache, longRope } = job;
  if (!needsReference(config.loss)) return null;
  const longFactors = longRope != null && usesLongFactors(longRope, config.contextLength);
  const { device, products } = trainer.info;
  const forward = Object.fromEntries(Object.entries(products).map(([type, names]) => [type, names.forward]));
  const key = { model: await hashModel(config.model, signal), device, forward, longFactors };
  const store = await ReferenceStore.open(join(cache, "reference"), key);
  const parts = { trainer, store, tokenBudget: config.batchTokens, emit, clock, whilePaused: pauseOf(job), signal };
  try {
    const all = await referenceLogps([...rows.training, ...rows.evaluation], parts);
    return { training: all.slice(0, rows.training.length), evaluation: all.slice(rows.training.length) };
  } catch (error) {
    throw signal?.aborted === true ? stoppedBeforeFirstStep() : error;
  }
}

/** The file's alpha is one number over the rank; rank-stabilized scaling is written into it. */
function adapterOf({ lora: { rsLora, alpha, ...lora }, seed }: AlignConfig): NewAdapter {
  return { ...lora, alpha: rsLora ? alpha * Math.sqrt(lora.rank) : alpha, seed };
}
