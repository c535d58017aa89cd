/** One optimizer step's gradients and numbers, and the same numbers without gradients for the evaluation curve. */
import type { LossSettings } from "../contract/alignment.ts";
import { computeLoss, type LossResult } from "./losses/index.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";
import { packQuestions, type Question } from "./questions.ts";

export interface Measured {
  /** Means over questions. */
  readonly loss: number;
  readonly nll: number;
  readonly penalty: number;
  /** Means over all pairs of all questions; null without pairs. */
  readonly margin: number | null;
  readonly accuracy: number | null;
  readonly tokens: number;
}

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
  for (const batch of packQuestions(questions, tokenBudget)) {
    signal?.throwIfAborted();
    const logps = await trainer.forward(
      batch.map((question) => question.row),
      { adapter: true, keep: gradients },
    );
    const computed = batch.map((question, i) => computeLoss(logps[i] as number[][], question.scores, loss));
    results.push(...computed);
    if (!computed.every((result) => Number.isFinite(result.value))) break;
    if (gradients) await trainer.backward(computed.map((result) => result.dLogp));
  }
  return {
    ...summarize(results),
    tokens: questions.reduce((sum, question) => sum + question.tokens, 0),
  };
}

function summarize(results: readonly LossResult[]): Omit<Measured, "tokens"> {
  const mean = (value: (result: LossResult) => number) =>
    results.reduce((sum, result) => sum + value(result), 0) / results.length;
  const pairs = results.reduce((sum, result) => sum + result.metrics.pairs, 0);
  const overPairs = (value: (result: LossResult) => number | null) =>
    pairs === 0 ? null : results.reduce((sum, r) => sum + (value(r) ?? 0) * r.metrics.pairs, 0) / pairs;
  return {
    loss: mean((result) => result.value),
    nll: mean((result) => result.metrics.nll[result.metrics.best] as number),
    penalty: mean((result) => result.metrics.penalty),
    margin: overPairs((result) => result.metrics.margin),
    accuracy: overPairs((result) => result.metrics.accuracy),
  };
}
