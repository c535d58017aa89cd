/** The steps of an alignment run on a trainer that holds the adapter: gradients, update, metrics, curve, checkpoints. */
import type { AlignConfig, MetricsLine } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { EmitEvent } from "../contract/events.ts";
import { randomStream } from "../random.ts";
import type { Journal } from "../workspace/journal.ts";
import { type AlignmentState, type EvaluationPoint, writeAlignmentCheckpoint } from "./alignmentCheckpoint.ts";
import { checkDivergence } from "./divergence.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";
import { type Plan, positionsOfStep, RowOrder } from "./plan.ts";
import type { PreparedRows } from "./prepareRows.ts";
import { askQuestion, type Question } from "./questions.ts";
import { RateMeter } from "./rate.ts";
import { scheduleFactor } from "./schedule.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";
import { type Measured, measureQuestions } from "./trainStep.ts";

export interface LoopParts {
  readonly config: AlignConfig;
  readonly plan: Plan;
  readonly rows: PreparedRows;
  readonly fingerprint: string;
  readonly trainer: NativeTrainer;
  readonly checkpoints: string;
  readonly metrics: Journal<MetricsLine>;
  readonly emit: EmitEvent;
  /** Seconds of a monotonic clock. */
  readonly clock: () => number;
  /** Most tokens in one forward call. */
  readonly tokenBudget: number;
  readonly signal: AbortSignal | undefined;
}

export interface LoopStart {
  /** Steps done and saved; 0 for a new run. */
  readonly step: number;
  readonly losses: readonly number[];
  readonly evaluations: readonly EvaluationPoint[];
}

export class AlignmentLoop {
  readonly losses: number[];
  readonly evaluations: EvaluationPoint[];
  /** Tokens and seconds of the steps of this session. */
  tokens = 0;
  seconds = 0;
  private step: number;
  private saved: number | null;
  private readonly parts: LoopParts;
  private readonly order: RowOrder;
  private readonly meter: RateMeter;

  constructor(parts: LoopParts, start: LoopStart) {
    this.parts = parts;
    this.step = start.step;
    this.saved = start.step === 0 ? null : start.step;
    this.losses = [...start.losses];
    this.evaluations = [...start.evaluations];
    this.order = new RowOrder(parts.rows.training.length, parts.config.seed);
    this.meter = new RateMeter(parts.plan.steps, start.step, parts.clock());
  }

  /** @throws cancelled after a checkpoint was written; training-diverged, which writes none */
  async run(): Promise<void> {
    const { plan, signal } = this.parts;
    try {
      await this.evaluateWhenDue();
      while (this.step < plan.steps) {
        signal?.throwIfAborted();
        await this.trainOneStep();
        await this.evaluateWhenDue();
        if (this.checkpointDue()) await this.save();
      }
      if (this.saved !== this.step) await this.save();
    } catch (error) {
      if (signal?.aborted !== true || (error instanceof FolkmootError && error.code === "training-diverged"))
        throw error;
      if (this.step > 0 && this.saved !== this.step) await this.save();
      throw stopped(this.step, plan.steps);
    }
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
    checkDivergence(step, measured.loss, 0, this.losses, this.saved);
    const learningRate = config.optimizer.learningRate * scheduleFactor(step, plan.steps, config.schedule);
    const { beta1, beta2, epsilon, weightDecay, clipNorm } = config.optimizer;
    const { gradNorm } = await trainer.step({
      learningRate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      clipNorm,
      gradientScale: 1 / questions.length,
    });
    checkDivergence(step, measured.loss, gradNorm, this.losses, this.saved);
    const epoch = end / this.parts.rows.training.length;
    await this.record({ step, epoch, ...measured, gradNorm, learningRate }, clock() - started);
  }

  private async record(line: MetricsLine, seconds: number): Promise<void> {
    const { metrics, emit, plan, clock } = this.parts;
    await metrics.append([line]);
    this.step = line.step;
    this.losses.push(line.loss);
    this.tokens += line.tokens;
    this.seconds += seconds;
    emit({ type: "metrics", line, seconds });
    const speed = seconds > 0 ? `, ${Math.round(line.tokens / seconds)} tokens/s` : "";
    emit({
      type: "progress",
      stage: "align",
      done: line.step,
      total: plan.steps,
      unit: "steps",
      ...this.meter.mark(line.step, clock()),
      note: `loss ${line.loss.toFixed(3)}${speed}`,
    });
  }

  private questionAt(position: number): Question {
    const { config, rows } = this.parts;
    const { epoch, row } = this.order.at(position);
    const random = randomStream(config.seed, "candidates", epoch, row);
    return askQuestion(rows.training[row] as TokenizedRow, config.loss, config.maxRejected, random);
  }

  /** The curve has a point before the first step, every `evaluateEvery` steps and at the end. */
  private async evaluateWhenDue(): Promise<void> {
    const { config, plan, rows, emit } = this.parts;
    const { step } = this;
    const regular = config.evaluateEvery > 0 && step % config.evaluateEvery === 0;
    const due = rows.evaluation.length > 0 && (step === 0 || step === plan.steps || regular);
    if (!due || this.evaluations.some((point) => point.step === step)) return;
    const questions = rows.evaluation.map((row, index) =>
      askQuestion(row, config.loss, config.maxRejected, randomStream(config.seed, "evaluation-candidates", index)),
    );
    const { loss, accuracy } = await this.measure(questions, false);
    if (!Number.isFinite(loss)) checkDivergence(step, loss, 0, this.losses, this.saved);
    const point = { step, loss, accuracy };
    this.evaluations.push(point);
    emit({ type: "evaluation", ...point });
  }

  /** An abort stops the native call in flight; never the update itself, which would leave half an adapter. */
  private async measure(questions: readonly Question[], gradients: boolean): Promise<Measured> {
    const { trainer, config, tokenBudget, signal } = this.parts;
    const cancel = () => trainer.cancel();
    signal?.addEventListener("abort", cancel);
    try {
      return await measureQuestions(trainer, questions, { loss: config.loss, tokenBudget, gradients, signal });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  private checkpointDue(): boolean {
    const { checkpointEvery } = this.parts.config;
    return checkpointEvery > 0 && this.step % checkpointEvery === 0;
  }

  private async save(): Promise<void> {
    const { checkpoints, trainer, fingerprint, plan, config } = this.parts;
    const { step, evaluations } = this;
    const position = step === 0 ? 0 : positionsOfStep(step, plan, config.accumulation)[1];
    const state: AlignmentState = { fingerprint, step, position, seed: config.seed, evaluations };
    await writeAlignmentCheckpoint(checkpoints, trainer, state);
    this.saved = step;
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
