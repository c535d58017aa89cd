/** One dial for what decides how much of a model is trained, how long and how hard, with the reason of each as data. */
import { z } from "zod";
import {
  type AlignConfig,
  type Effort,
  type LoraSettings,
  type LossSettings,
  loraTargets,
  type ScheduleSettings,
} from "../contract/alignment.ts";
import { type Choice, type EffortLevel, effortLevels } from "./effortLevels.ts";
import { partsOf } from "./losses/index.ts";
import type { TrainingShape } from "./memory/shape.ts";

/** All that the dial sets. There is no dropout to set: contract/alignment.ts says why. */
export interface EffortSettings {
  readonly lora: LoraSettings;
  readonly optimizer: Pick<AlignConfig["optimizer"], "learningRate">;
  readonly schedule: ScheduleSettings;
  readonly epochs: number;
  readonly accumulation: number;
}

export interface EffortPlan {
  readonly settings: EffortSettings;
  /** One per setting, by its path. */
  readonly reasons: readonly { readonly setting: string; readonly reason: string }[];
}

/** What a choice depends on. */
export interface EffortModel extends Pick<TrainingShape, "layers" | "attention" | "keyValue" | "fused"> {
  /** In all tensors. */
  readonly weights: number;
}

const rank = z.number().int().min(1).max(1024).optional().catch(undefined);
const target = z.enum(loraTargets);

/** What somebody set by hand, as far as other settings depend on it; what is no such setting counts as not set. */
const settingsByHand = z
  .object({
    lora: z
      .object({
        rank,
        ranks: z.partialRecord(target, z.number()).optional().catch(undefined),
        rsLora: z.boolean().optional().catch(undefined),
        targets: z.array(target).optional().catch(undefined),
      })
      .catch({}),
  })
  .catch({ lora: {} });
type LoraByHand = z.infer<typeof settingsByHand>["lora"];

export interface EffortSource {
  readonly loss: LossSettings;
  /** Null when unknown. */
  readonly model: EffortModel | null;
  /**
   * Settings that somebody set by hand, nested as in a configuration. The plan holds the dial's own value for each of
   * them, and values that go with them for all others. Default: none.
   */
  readonly byHand?: unknown;
}

/** From this rank on alpha/rank slows learning down (2312.03732); measured on the demo, rank 64 gained by alpha/√rank alone. */
const stabilizedFrom = 32;
/** Under alpha/√rank: rank 16 is then scaled by 2, as alpha 32 scales it without. */
const stabilizedAlpha = 8;
/** Models with fewer layers have none to spare: of the demo's four, two gave four fifths of what all four gave. */
const leastLayersToHalve = 8;
/** Below so many weights a model needs larger steps to move at all (measured on the demo's model: 2e-3). */
const smallModel = 20_000_000;
const smallModelFactor = 20;
/** TRL advises 1e-5 for LoRA with preference losses where it advises 5e-5 to 2e-4 for likelihood. */
const preferenceFactor = 0.2;
/** Zephyr's recipe (alignment-handbook) and most that followed it. */
const preferenceWarmup = 0.1;

export function planEffort(effort: Effort, { loss, model, byHand }: EffortSource): EffortPlan {
  const level = effortLevels[effort];
  const set = settingsByHand.parse(byHand ?? {}).lora;
  const isPreference = partsOf(loss).some(({ id }) => id !== "stable-alignment" && id !== "sft");
  const rsLora = chooseScaling(set.rank ?? level.rank.value, set);
  const around = { ...set, rank: set.rank ?? level.rank.value, rsLora: set.rsLora ?? rsLora.value };
  const choices = {
    "lora.rank": level.rank,
    "lora.alpha": chooseAlpha(around.rank, around.rsLora),
    "lora.rsLora": rsLora,
    "lora.targets": {
      value: [...loraTargets],
      reason: "All seven: leaving some out saves next to no time and costs much of what is learned.",
    },
    "lora.ranks": chooseRanks(level, model, around),
    "lora.layers": chooseLayers(level, model),
    "optimizer.learningRate": chooseRate(level, model, isPreference),
    "schedule.kind": level.schedule,
    "schedule.warmupShare": isPreference
      ? { value: preferenceWarmup, reason: "A tenth of the steps, as preference losses are usually trained." }
      : level.warmup,
    epochs: level.epochs,
    accumulation: level.accumulation,
  };
  return {
    settings: {
      lora: {
        rank: choices["lora.rank"].value,
        ranks: choices["lora.ranks"].value,
        alpha: choices["lora.alpha"].value,
        rsLora: choices["lora.rsLora"].value,
        targets: choices["lora.targets"].value,
        layers: choices["lora.layers"].value,
      },
      optimizer: { learningRate: choices["optimizer.learningRate"].value },
      schedule: { kind: choices["schedule.kind"].value, warmupShare: choices["schedule.warmupShare"].value },
      epochs: choices.epochs.value,
      accumulation: choices.accumulation.value,
    },
    reasons: Object.entries(choices).map(([setting, { reason }]) => ({ setting, reason })),
  };
}

function chooseScaling(rank: number, { ranks }: LoraByHand): Choice<boolean> {
  if (rank < stabilizedFrom)
    return { value: false, reason: `Below rank ${stabilizedFrom} the usual alpha/rank does as well.` };
  return Object.keys(ranks ?? {}).length > 0
    ? { value: false, reason: "Not where matrices have ranks of their own: a file holds one alpha." }
    : { value: true, reason: `From rank ${stabilizedFrom} on: with alpha/rank, more rank would learn more slowly.` };
}

function chooseAlpha(rank: number, rsLora: boolean): Choice<number> {
  return rsLora
    ? {
        value: stabilizedAlpha,
        reason: "Gives rank 16 its usual scale of 2; alpha/√rank carries it on to other ranks.",
      }
    : { value: 2 * rank, reason: "Twice the rank, so that the update is scaled by 2 at every rank." };
}

/** LoRA's own paper (2106.09685, table 5) found keys and values no place for much rank; under grouped queries they are narrow too. */
function chooseRanks(
  { sparesKeysAndValues }: EffortLevel,
  model: EffortModel | null,
  { rank, rsLora, targets = [...loraTargets] }: LoraByHand & { readonly rank: number; readonly rsLora: boolean },
): Choice<LoraSettings["ranks"]> {
  const common = (why: string) => ({ value: {}, reason: `One rank for all matrices${why}.` });
  if (rsLora) return common(": a file holds one alpha, and alpha/√rank differs where ranks do");
  if (!sparesKeysAndValues) return common("");
  if (model === null) return common(" while the model is not known");
  if (model.fused) return common(": query, key and value are one matrix in this model");
  const narrower = model.attention / model.keyValue;
  if (narrower < 2) return common(": keys and values are as wide as queries in this model");
  const spared = (["attn_k", "attn_v"] as const).filter((name) => targets.includes(name));
  if (rank < 2 || spared.length === 0) return common("");
  return {
    value: Object.fromEntries(spared.map((name) => [name, Math.floor(rank / 2)])),
    reason: `Half the rank for keys and values, which are ${Number(narrower.toFixed(1))} times narrower than queries (grouped queries).`,
  };
}

function chooseLayers({ upperLayers }: EffortLevel, model: EffortModel | null): Choice<LoraSettings["layers"]> {
  if (!upperLayers) return { value: null, reason: "All: what is to be learned may sit anywhere." };
  if (model === null) return { value: null, reason: "All while the model is not known." };
  if (model.layers < leastLayersToHalve)
    return { value: null, reason: `All: a model of ${model.layers} layers has none to spare.` };
  return {
    value: { first: Math.floor(model.layers / 2), last: model.layers - 1 },
    reason: `The upper half of ${model.layers}: nothing is kept and computed backward below the first, for half the activations and a good quarter less time.`,
  };
}

function chooseRate({ learningRate }: EffortLevel, model: EffortModel | null, isPreference: boolean): Choice<number> {
  const isSmall = model !== null && model.weights < smallModel;
  const rate = learningRate.value * (isSmall ? smallModelFactor : 1) * (isPreference ? preferenceFactor : 1);
  const reasons = [
    learningRate.reason,
    ...(isSmall
      ? [`A model of fewer than ${smallModel / 1e6} million weights needs ${smallModelFactor} times that.`]
      : []),
    ...(isPreference ? ["A fifth of it, because a preference loss soon pushes both answers down."] : []),
  ];
  return { value: Number(rate.toPrecision(6)), reason: reasons.join(" ") };
}
