/** The steps of an alignment run on a trainer that holds the adapter: gradients, update, metrics, curve, checkpoints. */
import type { AlignConfig, MetricsLine } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { EmitEvent } from "../contract/events.ts";
import { randomStream } from "../random.ts";
import { RateMeter } from "../rateMeter.ts";
import { listCheckpoints } from "../workspace/checkpoint.ts";
import type { Journal } from "../workspace/journal.ts";
import {
  type AlignmentState,
  alignmentState,
  bestCheckpoint,
  type EvaluationPoint,
  writeAlignmentCheckpoint,
  writeBestCheckpoint,
} from "./alignmentCheckpoint.ts";
import { withCancel } from "./cancellation.ts";
import { brokenFromTheStart, diverged, faultOfPoint, faultOfStep } from "./divergence.ts";
import { bestPoint, hasStalled } from "./earlyStop.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { NativeTrainer, StepResult } from "./nativeTrainer.ts";
import { type Plan, positionsOfStep, RowOrder } from "./plan.ts";
import type { PreparedRows } from "./prepareRows.ts";
import { askQuestion, type Question } from "./questions.ts";
import type { Samples } from "./samples.ts";
import { scheduleFactor } from "./schedule.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";
import { type Measured, measureQuestions } from "./trainStep.ts";

/** Log-probabilities of all responses of all rows under the base, in the order of the rows. */
export interface References {
  readonly training: readonly (readonly number[])[];
  readonly evaluation: readonly (readonly number[])[];
}

export interface LoopParts {
  readonly config: AlignConfig;
  readonly plan: Plan;
  readonly rows: PreparedRows;
  /** Null where the loss needs none. */
  readonly references: References | null;
  readonly fingerprint: Fingerprint;
  readonly trainer: NativeTrainer;
  /** The run's folder. */
  readonly directory: string;
  readonly checkpoints: string;
  readonly metrics: Journal<MetricsLine>;
  /** Null where none are wanted. */
  readonly samples: Samples | null;
  readonly emit: EmitEvent;
  /** Seconds of a monotonic clock. */
  readonly clock: () => number;
  /** Resolves at once, or when a pause is over. */
  readonly whilePaused: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

export interface LoopStart {
  /** Steps done and saved; 0 for a new run. */
  readonly step: number;
  readonly losses: readonly number[];
  readonly evaluations: readonly EvaluationPoint[];
}

/** `steps`: all that were planned. `time`: this session's minutes are over, and the run can go on. */
export type EndReason = "steps" | "early-stop" | "time";

export class AlignmentLoop {
  readonly losses: number[];
  readonly evaluations: EvaluationPoint[];
  /** Tokens and seconds of the steps of this session. */
  tokens = 0;
  seconds = 0;
  private step: number;
  private saved: number | null;
  private readonly started: number;
  private readonly first: number;
  private readonly parts: LoopParts;
  private readonly order: RowOrder;
  private readonly meter: RateMeter;

  constructor(parts: LoopParts, start: LoopStart) {
    this.parts = parts;
    this.step = start.step;
    this.first = start.step;
    this.started = parts.clock();
    this.saved = start.step === 0 ? null : start.step;
    this.losses = [...start.losses];
    this.evaluations = [...start.evaluations];
    this.order = new RowOrder(parts.rows.training.length, parts.config.seed);
    this.meter = new RateMeter(parts.plan.steps);
    this.meter.mark(start.step, parts.clock());
  }

  /** @throws cancelled after a checkpoint was written; training-diverged or model-corrupt, which write none */
  async run(): Promise<EndReason> {
    const { plan, signal, samples, whilePaused } = this.parts;
    try {
      this.sayProgress({});
      await this.evaluateWhenDue();
      await samples?.takeWhenDue(this.step);
      let end = this.endReason();
      while (end === null) {
        await whilePaused();
        signal?.throwIfAborted();
        await this.trainOneStep();
        await this.evaluateWhenDue();
        await samples?.takeWhenDue(this.step);
        if (this.checkpointDue()) await this.save();
        end = this.endReason();
      }
      if (this.saved !== this.step) await this.save();
      return end;
    } catch (error) {
      const isAstray = error instanceof FolkmootError && ["training-diverged", "model-corrupt"].includes(error.code);
      if (signal?.aborted !== true || isAstray) throw error;
      if (this.step > 0 && this.saved !== this.step) await this.save();
      throw stopped(this.step, plan.steps);
    }
  }

  /** A session that may go on makes at least one step, however short its time. */
  private endReason(): EndReason | null {
    const { config, plan } = this.parts;
    if (this.step >= plan.steps) return "steps";
    if (hasStalled(this.evaluations, config.earlyStop)) return "early-stop";
    return this.step > this.first && this.secondsOfCap() <= 0 ? "time" : null;
  }

  /** Seconds until the time of this session is over; endless without a cap. */
  private secondsOfCap(): number {
    const { config, clock } = this.parts;
    return config.maxMinutes === null ? Number.POSITIVE_INFINITY : config.maxMinutes * 60 - (clock() - this.started);
  }

  private async trainOneStep(): Promise<void> {
    const { config, plan, trainer, clock } = this.parts;
    const step = this.step + 1;
    const started = clock();
    const [first, end] = positionsOfStep(step, plan, config.accumulation);
    const questions = Array.from({ length: end - first }, (_, i) => this.questionAt(first + i));
    // Also takes away what a step that was stopped half-way has left.
    await trainer.zeroGradients();
    const measured = await this.measure(questions, true);
    const losses = [...this.losses, measured.loss];
    const fault = faultOfStep({ losses, evaluations: this.evaluations });
    if (fault !== null) throw await this.astray(step, fault, losses);
    const learningRate = config.optimizer.learningRate * scheduleFactor(step, plan.steps, config.schedule);
    const { gradNorm } = await this.update(learningRate, questions.length);
    if (!Number.isFinite(gradNorm))
      throw await this.astray(step, "the gradient is not a finite number", [...this.losses, Number.NaN]);
    const epoch = end / this.parts.rows.training.length;
    await this.record({ step, epoch, ...measured, gradNorm, learningRate }, clock() - started);
  }

  /** A gradient that is not finite changes nothing; the addon refuses it, and we say which checkpoint is left. */
  private async update(learningRate: number, questions: number): Promise<Pick<StepResult, "gradNorm">> {
    const { beta1, beta2, epsilon, weightDecay, clipNorm } = this.parts.config.optimizer;
    const optimizer = { learningRate, beta1, beta2, epsilon, weightDecay, clipNorm };
    try {
      return await this.parts.trainer.step({ ...optimizer, gradientScale: 1 / questions });
    } catch (error) {
      if ((error as Partial<FolkmootError>).code !== "training-diverged") throw error;
      return { gradNorm: Number.NaN };
    }
  }

  private async record(line: MetricsLine, seconds: number): Promise<void> {
    const { metrics, emit } = this.parts;
    await metrics.append([line]);
    this.step = line.step;
    this.losses.push(line.loss);
    this.tokens += line.tokens;
    this.seconds += seconds;
    emit({ type: "metrics", line, seconds });
    this.sayProgress({
      loss: line.loss,
      ...(seconds > 0 ? { tokensPerSecond: line.tokens / seconds } : {}),
    });
  }

  /** Also before the first step: texts and the curve's first point may take a while, and a run may be stopped there. */
  private sayProgress(ofLastStep: { readonly loss?: number; readonly tokensPerSecond?: number }): void {
    const { emit, plan, clock } = this.parts;
    const { rate, secondsLeft } = this.meter.mark(this.step, clock());
    emit({
      type: "progress",
      stage: "align",
      done: this.step,
      total: plan.steps,
      unit: "steps",
      rate,
      secondsLeft: secondsLeft === null ? null : Math.max(0, Math.min(secondsLeft, this.secondsOfCap())),
      ...ofLastStep,
    });
  }

  private questionAt(position: number): Question {
    const { config, rows, references } = this.parts;
    const { epoch, row } = this.order.at(position);
    const random = randomStream(config.seed, "candidates", epoch, row);
    const tokens = rows.training[row] as TokenizedRow;
    return askQuestion(tokens, config.loss, config.maxRejected, random, references?.training[row] ?? null);
  }

  /**
   * The error for numbers that went astray. A checkpoint is named only where it is there and known to be good.
   * @param losses with that of the step at fault
   */
  private async astray(step: number, fault: string, losses: readonly number[]): Promise<FolkmootError> {
    const { config, directory, checkpoints } = this.parts;
    if (this.step === 0) return brokenFromTheStart(config.model, fault);
    const best = (await bestCheckpoint(directory))?.step;
    const kept = (await listCheckpoints(checkpoints, alignmentState)).map((checkpoint) => checkpoint.step);
    const { learningRate } = config.optimizer;
    return diverged({ step, fault, losses, evaluations: this.evaluations, learningRate, best, kept });
  }

  /** The curve has a point before the first step, every `evaluateEvery` steps and at the end. */
  private async evaluateWhenDue(): Promise<void> {
    const { config, plan, rows, references, emit } = this.parts;
    const { step } = this;
    const regular = config.evaluateEvery > 0 && step % config.evaluateEvery === 0;
    const due = rows.evaluation.length > 0 && (step === 0 || step === plan.steps || regular);
    if (!due || this.evaluations.some((point) => point.step === step)) return;
    const questions = rows.evaluation.map((row, index) => {
      const random = randomStream(config.seed, "evaluation-candidates", index);
      return askQuestion(row, config.loss, config.maxRejected, random, references?.evaluation[index] ?? null);
    });
    const { loss, accuracy } = await this.measure(questions, false);
    const point = { step, loss, accuracy };
    this.evaluations.push(point);
    const fault = faultOfPoint(this.evaluations);
    if (fault !== null) throw await this.astray(step, fault, this.losses);
    emit({ type: "evaluation", ...point });
    if (bestPoint(this.evaluations) === point)
      await writeBestCheckpoint(this.parts.directory, this.parts.trainer, this.state());
  }

  /** An abort stops the native call in flight; never the update itself, which would leave half an adapter. */
  private measure(questions: readonly Question[], gradients: boolean): Promise<Measured> {
    const { trainer, config, signal } = this.parts;
    const options = { loss: config.loss, tokenBudget: config.batchTokens, gradients, signal };
    return withCancel(trainer, signal, () => measureQuestions(trainer, questions, options));
  }

  private checkpointDue(): boolean {
    const { checkpointEvery } = this.parts.config;
    return checkpointEvery > 0 && this.step % checkpointEvery === 0;
  }

  private async save(): Promise<void> {
    await writeAlignmentCheckpoint(this.parts.checkpoints, this.parts.trainer, this.state());
    this.saved = this.step;
  }

  private state(): AlignmentState {
    const { fingerprint, plan, config } = this.parts;
    const { step, evaluations } = this;
    const position = step === 0 ? 0 : positionsOfStep(step, plan, config.accumulation)[1];
    const { hash, parts } = fingerprint;
    return { fingerprint: hash, parts, step, position, seed: config.seed, evaluations: [...evaluations] };
  }
}

function stopped(step: number, steps: number): FolkmootError {
  return new FolkmootError("cancelled", {
    message: `Training was stopped after ${step} of ${steps} steps.`,
    action:
      step === 0
        ? "Start it again when you like."
        : "Resume it when you like; the checkpoint of the last step is kept.",
    details: { step, steps },
  });
}
