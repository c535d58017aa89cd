/** All losses behind one function: log-probabilities and scores in, value and derivative out. */
import type { LossSettings } from "../../contract/alignment.ts";
import type { LossResult } from "./loss.ts";
import { sft } from "./sft.ts";
import { stableAlignment } from "./stableAlignment.ts";

export type { LossMetrics, LossResult } from "./loss.ts";
export { sft, stableAlignment };

/**
 * @param logps natural log-probabilities, [response][token]; at least one response, each with at least one token
 * @param scores one per response, higher is better
 */
export function computeLoss(
  logps: readonly (readonly number[])[],
  scores: readonly number[],
  settings: LossSettings,
): LossResult {
  switch (settings.id) {
    case "stable-alignment":
      return stableAlignment(logps, scores, settings);
    case "sft":
      return sft(logps, scores);
  }
}
