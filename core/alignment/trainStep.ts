/** One optimizer step's gradients and numbers, and the same numbers without gradients for the evaluation curve. */
import type { LossSettings, MetricsLine } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import { computeLoss, type LossMetrics, type LossResult, needsReference } from "./losses/index.ts";
import { hasPair } from "./losses/loss.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";
import { packQuestions, type Question } from "./questions.ts";

/** What a line of metrics.jsonl says about the questions: means over them, and over all pairs of all of them. */
export type Measured = Omit<Required<MetricsLine>, "step" | "epoch" | "gradNorm" | "learningRate">;

export interface MeasureOptions {
  readonly loss: LossSettings;
  /** Most tokens in one forward call. */
  readonly tokenBudget: number;
  /** Adds the gradients of every question, unscaled. Default false. */
  readonly gradients?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Forward, loss and (if asked) backward for every question. A loss that is not finite ends it before its gradients are
 * added; the caller sees it in `loss`.
 */
export async function measureQuestions(
  trainer: NativeTrainer,
  questions: readonly Question[],
  { loss, tokenBudget, gradients = false, signal }: MeasureOptions,
): Promise<Measured> {
  const results: LossResult[] = [];
  const pairScale = questions.length / Math.max(1, questions.filter(({ scores }) => hasPair(scores)).length);
  for (const batch of packQuestions(questions, tokenBudget)) {
    signal?.throwIfAborted();
    const logps = await trainer.forward(
      batch.map((question) => question.row),
      { adapter: true, keep: gradients },
    );
    const computed = batch.map((question, i) => lossOf(question, logps[i] as number[][], loss, pairScale));
    results.push(...computed);
    if (!computed.every((result) => Number.isFinite(result.value))) break;
    if (gradients) await trainer.backward(computed.map((result) => result.dLogp));
  }
  return {
    ...summarize(results),
    tokens: questions.reduce((sum, question) => sum + question.tokens, 0),
  };
}

function lossOf({ scores, refLogps }: Question, logps: number[][], loss: LossSettings, pairScale: number): LossResult {
  if (refLogps !== null) return computeLoss(logps, scores, loss, refLogps, pairScale);
  if (needsReference(loss))
    throw new FolkmootError("internal", {
      message: `The ${loss.id} loss was asked without the log-probabilities of the reference.`,
      reason: "This is a fault of the program, not of your input.",
      action: "Copy the diagnostics and report it.",
    });
  return computeLoss(logps, scores, loss, undefined, pairScale);
}

function summarize(results: readonly LossResult[]): Omit<Measured, "tokens"> {
  const mean = (value: (result: LossResult) => number) =>
    results.reduce((sum, result) => sum + value(result), 0) / results.length;
  /** A question weighs as many pairs as it has; one without a value has none of them. */
  const overPairs = (name: keyof LossMetrics & keyof MetricsLine) => {
    const having = results.filter(({ metrics }) => typeof metrics[name] === "number" && metrics.pairs > 0);
    const pairs = having.reduce((sum, { metrics }) => sum + metrics.pairs, 0);
    return pairs === 0
      ? null
      : having.reduce((sum, { metrics }) => sum + (metrics[name] as number) * metrics.pairs, 0) / pairs;
  };
  return {
    loss: mean((result) => result.value),
    nll: mean((result) => result.metrics.nll[result.metrics.best] as number),
    penalty: mean((result) => result.metrics.penalty),
    margin: overPairs("margin"),
    accuracy: overPairs("accuracy"),
    "rewards/chosen": overPairs("rewards/chosen"),
    "rewards/rejected": overPairs("rewards/rejected"),
    "rewards/margins": overPairs("rewards/margins"),
    "rewards/accuracies": overPairs("rewards/accuracies"),
    "logps/chosen": overPairs("logps/chosen"),
    "logps/rejected": overPairs("logps/rejected"),
  };
}
