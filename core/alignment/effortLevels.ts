/** The three levels of the effort dial. What of them depends on model, loss or a person's settings stands in effort.ts. */
import type { Effort, ScheduleSettings } from "../contract/alignment.ts";

export interface Choice<Value> {
  readonly value: Value;
  /** Claims nothing of another setting that may have been set by hand. */
  readonly reason: string;
}

export interface EffortLevel {
  readonly rank: Choice<number>;
  /** Train the upper layers alone, where there are enough of them. */
  readonly upperLayers: boolean;
  /** Less rank for keys and values, where they are narrower than queries. */
  readonly sparesKeysAndValues: boolean;
  readonly learningRate: Choice<number>;
  readonly schedule: Choice<ScheduleSettings["kind"]>;
  readonly warmup: Choice<number>;
  readonly epochs: Choice<number>;
  readonly accumulation: Choice<number>;
}

/**
 * `balanced` is what a run has without a dial (definitions: paper section 3, rates of LoRA instead of full tuning). The
 * rates let one step move the weights alike far at every level: rate · scale · rank is 3.2e-3, scale being alpha/rank,
 * under rank stabilization alpha/√rank. Steps of more than 8 questions learned less on the demo, as "LoRA Without Regret"
 * (Schulman et al. 2025) found elsewhere; a linear decay to zero is the better one for few steps (2502.15938).
 */
export const effortLevels: Readonly<Record<Effort, EffortLevel>> = {
  quick: {
    rank: { value: 8, reason: "Half the usual rank: enough to see whether the data teach anything." },
    upperLayers: true,
    sparesKeysAndValues: true,
    learningRate: { value: 2e-4, reason: "Twice the usual rate: a quick run has to get there in few steps." },
    schedule: { value: "linear", reason: "Falls evenly to zero, which makes the most of few steps." },
    warmup: { value: 0.1, reason: "A tenth of the steps, because the rate is high." },
    epochs: { value: 1, reason: "Every row is seen once." },
    accumulation: { value: 4, reason: "Steps of 4 questions, so that few rows still give many steps." },
  },
  balanced: {
    rank: { value: 16, reason: "The usual rank." },
    upperLayers: false,
    sparesKeysAndValues: false,
    learningRate: { value: 1e-4, reason: "The usual rate for LoRA, ten times that of full tuning." },
    schedule: { value: "cosine", reason: "As the published models were trained." },
    warmup: { value: 0.03, reason: "As the published models were trained." },
    epochs: { value: 2, reason: "Two passes, as the published models were trained." },
    accumulation: { value: 8, reason: "Steps of 8 questions, as the released code makes them." },
  },
  thorough: {
    rank: { value: 32, reason: "Twice the usual rank, for data with more to teach." },
    upperLayers: false,
    sparesKeysAndValues: false,
    learningRate: { value: 7e-5, reason: "Seven tenths of the usual rate: smaller steps for a longer way." },
    schedule: { value: "cosine", reason: "Stays high for long, then settles." },
    warmup: { value: 0.03, reason: "A small share is enough where there are many steps." },
    epochs: { value: 3, reason: "Three passes; watch the held-out rows, the best point is kept." },
    accumulation: { value: 8, reason: "Steps of 8 questions: with LoRA larger ones learn less from the same rows." },
  },
};
