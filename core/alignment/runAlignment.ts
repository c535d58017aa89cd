/**
 * The trainer loop: alignment rows → LoRA update (paper section 3). The numbers depend on model, data, settings and
 * seed alone: a run that was killed and resumed equals one that was not.
 */
import { type AlignConfig, metricsLine } from "../contract/alignment.ts";
import { type EmitEvent, jobEvent } from "../contract/events.ts";
import type { Checkpoint } from "../workspace/checkpoint.ts";
import { hashFile } from "../workspace/hash.ts";
import type { RunDirectory } from "../workspace/runDirectory.ts";
import {
  type AlignmentState,
  type EvaluationPoint,
  latestAlignmentCheckpoint,
  restoreAlignment,
  trimMetrics,
} from "./alignmentCheckpoint.ts";
import { AlignmentLoop } from "./alignmentLoop.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { computeLoss } from "./losses/index.ts";
import type { NativeTrainer, TrainerMemory } from "./nativeTrainer.ts";
import { planSteps } from "./plan.ts";
import { type PreparedRows, prepareRows } from "./prepareRows.ts";
import type { Tokenizer } from "./tokenizeRows.ts";

/**
 * Tokens that one forward call packs together. On a CPU the matrix products are near their best speed from about 512
 * columns on; activations grow with it.
 */
const defaultTokenBudget = 1024;
/** Share of the steps at each end whose mean is reported as first and last loss. */
const lossWindow = 0.1;

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
  /** Most tokens in one forward call; default 1024. Part of the fingerprint. */
  readonly tokenBudget?: number;
}

export type AlignmentResult = {
  steps: number;
  /** Step of the checkpoint that this session went on from; 0 for a new run. */
  resumedFrom: number;
  rows: { training: number; evaluation: number } & PreparedRows["counts"];
  /** Means over the first and the last tenth of the steps (`window` steps each). */
  loss: { first: number; last: number; window: number };
  /** First and last point of the evaluation curve; null without held-out rows. */
  evaluation: { first: EvaluationPoint; last: EvaluationPoint } | null;
  /** Prompt and response tokens trained per second of the steps of this session; null when it made none. */
  tokensPerSecond: number | null;
  /** Seconds of this session, loading of rows and checkpoints included. */
  seconds: number;
  /** Bytes that the trainer holds, by part. */
  memory: TrainerMemory;
  /** The adapter of the last step. */
  adapter: string;
  fingerprint: string;
};

/**
 * Trains, resumes, or (when everything is done) only reports. Writes metrics.jsonl, events.jsonl and checkpoints.
 * @throws bad-setting; data-not-found, data-corrupt; run-mismatch; training-diverged (older checkpoints stay);
 *   cancelled (after a checkpoint of the last whole step)
 */
export async function runAlignment(job: AlignmentJob): Promise<AlignmentResult> {
  const { config, run, trainer, signal, tokenBudget = defaultTokenBudget } = job;
  const clock = job.clock ?? (() => performance.now() / 1000);
  const started = clock();
  checkLoss(config);
  await using events = await openEvents(run, job.emit);
  const { emit } = events;
  const limited = limitLength(config, trainer, emit);
  const rows = await prepareRows(limited, job.tokenizer, signal);
  warnAboutRows(rows, emit);
  const fingerprint = fingerprintOf(config, {
    model: await hashFile(config.model, signal),
    data: await hashFile(config.data, signal),
    tokenBudget,
  });
  const resumed = await restoreAlignment(run.checkpoints, trainer, fingerprint);
  const resumedFrom = resumed?.step ?? 0;
  if (resumed === undefined) await trainer.newAdapter({ ...config.lora, seed: config.seed });
  const trained = await trimMetrics(run.path, resumedFrom);
  const plan = planSteps(rows.training.length, config);
  const loop = new AlignmentLoop(
    {
      config,
      plan,
      rows,
      fingerprint,
      trainer,
      checkpoints: run.checkpoints,
      metrics: await run.journal("metrics", metricsLine),
      emit,
      clock,
      tokenBudget,
      signal,
    },
    { step: resumedFrom, losses: trained.map((line) => line.loss), evaluations: resumed?.state.evaluations ?? [] },
  );
  await loop.run();
  const last = await latestAlignmentCheckpoint(run.checkpoints);
  return {
    steps: plan.steps,
    resumedFrom,
    rows: { training: rows.training.length, evaluation: rows.evaluation.length, ...rows.counts },
    loss: summarizeLoss(loop.losses),
    evaluation: summarizeCurve(loop.evaluations),
    tokensPerSecond: loop.seconds > 0 ? loop.tokens / loop.seconds : null,
    seconds: clock() - started,
    memory: await trainer.memory(),
    adapter: (last as Checkpoint<AlignmentState>).adapter,
    fingerprint,
  };
}

/** A loss that refuses its own settings does so before anything is loaded. */
function checkLoss({ loss }: AlignConfig): void {
  computeLoss([[-1], [-1]], [2, 1], loss);
}

/** Rows can be no longer than the model's context. */
function limitLength(config: AlignConfig, { info }: NativeTrainer, emit: EmitEvent): AlignConfig {
  if (config.maxLength <= info.contextLength) return config;
  const message = `Rows are cut at ${info.contextLength} tokens, the context of the model, instead of ${config.maxLength}.`;
  emit({ type: "warning", message, details: { maxLength: config.maxLength, contextLength: info.contextLength } });
  return { ...config, maxLength: info.contextLength };
}

function warnAboutRows({ counts, training }: PreparedRows, emit: EmitEvent): void {
  const parts = [
    [counts.rowsDropped, "rows without text were left out"],
    [counts.responsesDropped, "empty responses were left out"],
    [counts.queriesCut, "queries were cut at their left"],
    [counts.responsesCut, "responses were cut at the maximum"],
    [counts.duplicates, "rows repeat an earlier one"],
    [counts.outsideScale, "rows have a score outside 1 to 7"],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (said.length === 0) return;
  emit({ type: "warning", message: `${said.join("; ")}.`, details: { ...counts, training: training.length } });
}

/**
 * Passes events on and keeps all but progress in events.jsonl. An event that cannot be written is lost; the numbers
 * of the run stand in metrics.jsonl.
 */
async function openEvents(run: AlignmentJob["run"], emit: EmitEvent): Promise<{ emit: EmitEvent } & AsyncDisposable> {
  const journal = await run.journal("events", jobEvent);
  let written: Promise<void> = Promise.resolve();
  return {
    emit: (event) => {
      emit(event);
      if (event.type !== "progress") written = journal.append([event]).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => written,
  };
}

function summarizeLoss(losses: readonly number[]): AlignmentResult["loss"] {
  const window = Math.max(1, Math.round(losses.length * lossWindow));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { first: mean(losses.slice(0, window)), last: mean(losses.slice(-window)), window };
}

function summarizeCurve(points: readonly EvaluationPoint[]): AlignmentResult["evaluation"] {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined || last === undefined ? null : { first, last };
}
