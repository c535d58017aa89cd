/** One dial for the settings that decide how long and how hard a model is trained, with the reason of each as data. */
import type { AlignConfig, Effort, LossSettings } from "../contract/alignment.ts";
import { partsOf } from "./losses/index.ts";

export interface EffortSettings {
  readonly lora: Pick<AlignConfig["lora"], "rank" | "alpha">;
  readonly optimizer: Pick<AlignConfig["optimizer"], "learningRate">;
  readonly epochs: number;
  readonly accumulation: number;
}

export interface EffortPlan {
  readonly settings: EffortSettings;
  /** One per setting that was chosen, by its path. */
  readonly reasons: readonly { readonly setting: string; readonly reason: string }[];
}

interface Level {
  readonly rank: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly accumulation: number;
  readonly why: Readonly<Record<"rank" | "epochs" | "learningRate" | "accumulation", string>>;
}

/** `balanced` is what a run has without a dial (definitions: paper section 3, rates of LoRA instead of full tuning). */
const levels: Readonly<Record<Effort, Level>> = {
  quick: {
    rank: 8,
    epochs: 1,
    learningRate: 2e-4,
    accumulation: 4,
    why: {
      rank: "Half the usual rank: enough to see whether the data teach anything.",
      epochs: "Every row is seen once.",
      learningRate: "Twice the usual rate, because there are half as many passes.",
      accumulation: "Small steps of 4 questions, so that few rows still give many steps.",
    },
  },
  balanced: {
    rank: 16,
    epochs: 2,
    learningRate: 1e-4,
    accumulation: 8,
    why: {
      rank: "The usual rank.",
      epochs: "Two passes, as the published models were trained.",
      learningRate: "The usual rate for LoRA, ten times that of full tuning.",
      accumulation: "Steps of 8 questions, as the released code makes them.",
    },
  },
  thorough: {
    rank: 32,
    epochs: 3,
    learningRate: 5e-5,
    accumulation: 16,
    why: {
      rank: "Twice the usual rank, for data with more to teach.",
      epochs: "Three passes; watch the held-out rows, the best point is kept.",
      learningRate: "Half the usual rate, because every row comes three times.",
      accumulation: "Steps of 16 questions: steadier, and half as many.",
    },
  },
};

/** Below so many weights a model needs larger steps to move at all (measured on the demo's model: 2e-3). */
const smallModel = 20_000_000;
const smallModelFactor = 20;
/** TRL advises 1e-5 for LoRA with preference losses where it advises 5e-5 to 2e-4 for likelihood. */
const preferenceFactor = 0.2;

/**
 * @param model weights of the base, null when unknown
 */
export function planEffort(effort: Effort, { loss, model }: { loss: LossSettings; model: number | null }): EffortPlan {
  const { rank, epochs, accumulation, learningRate, why } = levels[effort];
  const small = model !== null && model < smallModel;
  const preference = partsOf(loss).some(({ id }) => id !== "stable-alignment" && id !== "sft");
  const rate = learningRate * (small ? smallModelFactor : 1) * (preference ? preferenceFactor : 1);
  const rateReasons = [
    why.learningRate,
    ...(small
      ? [`A model of fewer than ${smallModel / 1e6} million weights needs ${smallModelFactor} times that.`]
      : []),
    ...(preference ? ["A fifth of it, because a preference loss soon pushes both answers down."] : []),
  ];
  return {
    settings: {
      lora: { rank, alpha: 2 * rank },
      optimizer: { learningRate: Number(rate.toPrecision(6)) },
      epochs,
      accumulation,
    },
    reasons: [
      { setting: "lora.rank", reason: why.rank },
      { setting: "lora.alpha", reason: "Twice the rank, so that the update is scaled alike at every rank." },
      { setting: "optimizer.learningRate", reason: rateReasons.join(" ") },
      { setting: "epochs", reason: why.epochs },
      { setting: "accumulation", reason: why.accumulation },
    ],
  };
}
