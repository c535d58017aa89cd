/** All losses behind one function: log-probabilities and scores in, value and derivative out. */
import type { LossSettings, SingleLossSettings } from "../../contract/alignment.ts";
import { type LossResult, sums } from "./loss.ts";
import { mixture } from "./mixture.ts";
import { type PairLoss, pairLoss } from "./pairLoss.ts";
import { cpoXu, dpo, ipo, orpo, simpo } from "./preference.ts";
import { sft } from "./sft.ts";
import { stableAlignment } from "./stableAlignment.ts";

export type { LossMetrics, LossResult } from "./loss.ts";
export { sft, stableAlignment };

/**
 * @param logps natural log-probabilities, [response][token]; at least one response, each with at least one token
 * @param scores one per response, higher is better
 * @param refLogps log-probability of each whole response under the model without adapter, nats. Read by `dpo` and `ipo`
 *   only (`needsReference`). Default: those of `logps`, which is what they are before the first step.
 * @param pairScale questions that are averaged per question with a pair, so that the mean of what pairs cost is over the
 *   questions that have one (not of `stable-alignment`, whose penalty is a part of every question's loss)
 */
export function computeLoss(
  logps: readonly (readonly number[])[],
  scores: readonly number[],
  settings: LossSettings,
  refLogps: readonly number[] = sums(logps),
  pairScale = 1,
): LossResult {
  if (settings.id === "mixture")
    return mixture(
      settings.losses.map(({ weight, loss }) => ({
        weight,
        result: computeLoss(logps, scores, loss, refLogps, pairScale),
      })),
    );
  if (settings.id === "stable-alignment") return stableAlignment(logps, scores, settings);
  if (settings.id === "sft") return sft(logps, scores);
  return pairLoss(pairLossOf(settings), logps, scores, refLogps, pairScale);
}

/** Whether any part compares with the model as it was before training. */
export function needsReference(settings: LossSettings): boolean {
  return partsOf(settings).some((part) => isPairLoss(part) && pairLossOf(part).reference);
}

/** Whether a question without a strictly lower-rated response teaches nothing at all. */
export function needsPairs(settings: LossSettings): boolean {
  return partsOf(settings).every((part) => isPairLoss(part) && pairLossOf(part).nllWeight === 0);
}

/** The losses of a mixture, or the one loss. */
export function partsOf(settings: LossSettings): readonly SingleLossSettings[] {
  return settings.id === "mixture" ? settings.losses.map(({ loss }) => loss) : [settings];
}

type PairSettings = Exclude<SingleLossSettings, { id: "stable-alignment" | "sft" }>;

function isPairLoss(settings: SingleLossSettings): settings is PairSettings {
  return settings.id !== "stable-alignment" && settings.id !== "sft";
}

function pairLossOf(settings: PairSettings): PairLoss {
  switch (settings.id) {
    case "dpo":
      return dpo(settings);
    case "ipo":
      return ipo(settings);
    case "simpo":
      return simpo(settings);
    case "orpo":
      return orpo(settings);
    case "cpo-xu":
      return cpoXu(settings);
  }
}
