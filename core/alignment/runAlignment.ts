/**
 * The trainer loop: alignment rows → LoRA update (paper section 3). The numbers depend on model, data, settings and
 * seed alone: a run that was killed and resumed equals one that was not.
 */
import { join } from "node:path";
import { type AlignConfig, metricsLine } from "../contract/alignment.ts";
import type { EmitEvent } from "../contract/events.ts";
import type { Checkpoint } from "../workspace/checkpoint.ts";
import { openEventLog } from "../workspace/eventLog.ts";
import { hashFile } from "../workspace/hash.ts";
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
import { checkRows, checkSettings, limitLength } from "./checkJob.ts";
import type { AlignmentControls } from "./controls.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { needsReference } from "./losses/index.ts";
import type { NativeTrainer, NewAdapter } from "./nativeTrainer.ts";
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
}

/**
 * Trains, resumes, or (when everything is done) only reports. Writes metrics.jsonl, events.jsonl, samples.jsonl and
 * checkpoints.
 * @throws bad-setting; data-not-found, data-corrupt; run-mismatch; training-diverged (older checkpoints stay);
 *   cancelled (after a checkpoint of the last whole step)
 */
export async function runAlignment(job: AlignmentJob): Promise<AlignmentResult> {
  const { config, run, trainer, signal } = job;
  const clock = job.clock ?? (() => performance.now() / 1000);
  const started = clock();
  checkSettings(config, job.sampler !== undefined);
  await using events = await openEventLog(run, job.emit);
  const watched: Watched = { ...job, emit: events.emit, clock };
  const rows = await prepareRows(limitLength(config, trainer.info, events.emit), job.tokenizer, signal);
  checkRows(config, rows, events.emit);
  const fingerprint = fingerprintOf(config, {
    model: await hashFile(config.model, signal),
    data: await hashFile(config.data, signal),
    device: trainer.info.device,
  });
  const references = await referencesOf(rows, watched);
  const resumed = await restoreAlignment(run.checkpoints, trainer, fingerprint);
  if (resumed === undefined) await trainer.newAdapter(adapterOf(config));
  const step = resumed?.step ?? 0;
  const losses = (await trimMetrics(run.path, step)).map((line) => line.loss);
  const plan = planSteps(rows.training.length, config);
  const metrics = await run.journal("metrics", metricsLine);
  const parts = { config, plan, rows, references, fingerprint, trainer, metrics, clock, signal };
  const start = { step, losses, evaluations: resumed?.state.evaluations ?? [] };
  const { loop, ended } = await train(watched, parts, start);
  const last = (await latestAlignmentCheckpoint(run.checkpoints)) as Checkpoint<AlignmentState>;
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
    memory: await trainer.memory(),
    adapter: last.adapter,
    fingerprint: fingerprint.hash,
  };
}

type Watched = AlignmentJob & { readonly clock: () => number };

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
  const whilePaused = async () => controls?.whilePaused(signal);
  const loop = new AlignmentLoop({ ...parts, directory, checkpoints, samples, emit, whilePaused }, start);
  return { loop, ended: await loop.run() };
}

/** Once, before the first step, with the adapter off; what the disk remembers is not computed again. */
async function referencesOf(rows: PreparedRows, job: Watched): Promise<References | null> {
  const { config, run, trainer, emit, clock, signal, cache = join(run.path, "cache") } = job;
  if (!needsReference(config.loss)) return null;
  const key = { model: await hashFile(config.model, signal), device: trainer.info.device };
  const store = await ReferenceStore.open(join(cache, "reference"), key);
  const parts = { trainer, store, tokenBudget: config.batchTokens, emit, clock, signal };
  try {
    const all = await referenceLogps([...rows.training, ...rows.evaluation], parts);
    return { training: all.slice(0, rows.training.length), evaluation: all.slice(rows.training.length) };
  } catch (error) {
    throw signal?.aborted === true ? stoppedBeforeFirstStep() : error;
  }
}

/** The file's alpha is one number over the rank; rank-stabilized scaling is written into it. */
function adapterOf({ lora: { rank, alpha, targets, rsLora }, seed }: AlignConfig): NewAdapter {
  return { rank, alpha: rsLora ? alpha * Math.sqrt(rank) : alpha, targets, seed };
}
