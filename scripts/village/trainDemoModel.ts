/** SFT with our own trainer: the seven linears of every layer, from a random start. */
import type { ModelTrainer } from "../../core/alignment/nativeTrainer.ts";
import type { Prompt } from "../../core/models/languageModel.ts";
import type { Vocabulary } from "../models/vocabulary.ts";
import type { Combination } from "./combination.ts";
import { type ConversationKind, conversationGroupAt } from "./conversations.ts";
import type { Recipe } from "./recipe.ts";
import { responseLoss, type TrainingRow, trainingRow } from "./trainingRows.ts";

export interface TrainingSource {
  readonly combinations: readonly Combination[];
  readonly vocabulary: Vocabulary;
  readonly render: (prompt: Prompt) => string;
}

/** A line of the training log. No times: equal recipes give equal logs on equal machines. */
export interface TrainingLogLine {
  readonly step: number;
  readonly tokens: number;
  readonly learningRate: number;
  /** Global norm before clipping, of the last step. */
  readonly gradNorm: number;
  /** Mean loss of the responses since the last line, nats per token. */
  readonly loss: Readonly<Partial<Record<ConversationKind, number>>>;
}

const linesInLog = 50;
const clipNorm = 1;

/** Trains until the recipe's tokens are seen; the weights stay in the trainer. */
export async function trainDemoModel(
  trainer: ModelTrainer,
  recipe: Recipe,
  source: TrainingSource,
  log: (line: TrainingLogLine) => void,
): Promise<void> {
  await trainer.trainBase();
  const losses = new LossMeter();
  let tokens = 0;
  let logged = 0;
  for (let step = 1; tokens < recipe.tokens; step++) {
    const rows = stepRows(recipe, source, step);
    await trainer.zeroGradients();
    const logps = await trainer.forward(rows, { adapter: false, keep: true });
    rows.forEach((row, i) => void losses.add(row.kind, responseLoss(logps[i] as number[][], row)));
    // loss = Σ w·(−logp), so dLoss/dlogp = −w.
    await trainer.backward(rows.map(({ weights }) => weights.map((row) => row.map((weight) => -weight))));
    const learningRate = learningRateAt(recipe, step, tokens);
    const { gradNorm } = await trainer.step({
      learningRate,
      beta1: 0.9,
      beta2: recipe.beta2,
      epsilon: 1e-8,
      weightDecay: 0,
      gradientScale: 1 / rows.length,
      clipNorm,
    });
    tokens += rows.reduce((sum, row) => sum + row.tokens, 0);
    if (tokens - logged < recipe.tokens / linesInLog && tokens < recipe.tokens) continue;
    logged = tokens;
    log({ step, tokens, learningRate, gradNorm, loss: losses.take() });
  }
}

/** Warm-up by steps, then constant, then a straight fall. */
export function learningRateAt(recipe: Recipe, step: number, tokens: number): number {
  const done = tokens / recipe.tokens;
  const fall =
    done < recipe.decayFrom ? 1 : 1 - (1 - recipe.finalRate) * ((done - recipe.decayFrom) / (1 - recipe.decayFrom));
  return recipe.learningRate * Math.min(1, step / recipe.warmupSteps) * fall;
}

function stepRows(recipe: Recipe, { combinations, vocabulary, render }: TrainingSource, step: number): TrainingRow[] {
  const { seed, mix, groupsPerStep } = recipe;
  return Array.from({ length: groupsPerStep }, (_, i) => {
    const group = conversationGroupAt(seed, (step - 1) * groupsPerStep + i, { combinations, mix });
    return trainingRow(group, vocabulary, render, recipe);
  });
}

class LossMeter {
  readonly #sums = new Map<ConversationKind, { loss: number; count: number }>();

  add(kind: ConversationKind, loss: number): void {
    const sum = this.#sums.get(kind) ?? { loss: 0, count: 0 };
    this.#sums.set(kind, { loss: sum.loss + loss, count: sum.count + 1 });
  }

  /** Means since the last call. */
  take(): Partial<Record<ConversationKind, number>> {
    const means = Object.fromEntries([...this.#sums].sort().map(([kind, { loss, count }]) => [kind, loss / count]));
    this.#sums.clear();
    return means;
  }
}
