/** What an evaluation ended with, as a person reads it. */
import { z } from "zod";
import { formatCount, formatShare } from "../../output/format.ts";
import { renderTable } from "../../output/table.ts";

const interval = z.tuple([z.number(), z.number()]);
const side = z.looseObject({ goodShare: z.number(), interval, engagedShare: z.number().nullable() });

/** The part of an evaluation's result that is shown; the whole goes out with `--json`. */
export const evaluateResult = z.looseObject({
  questions: z.number(),
  base: side,
  aligned: side,
  difference: z.looseObject({ value: z.number(), interval }),
  tokensPerSecond: z.number().nullable(),
});
export type EvaluateResult = z.infer<typeof evaluateResult>;

export function evaluateSummary(value: Record<string, unknown>): string {
  const result = evaluateResult.parse(value);
  const row = (name: string, { goodShare, interval: [low, high], engagedShare }: EvaluateResult["base"]) => [
    name,
    formatShare(goodShare),
    `${formatShare(low)} to ${formatShare(high)}`,
    formatShare(engagedShare),
  ];
  const { value: difference, interval: around } = result.difference;
  const points = (share: number) => `${share >= 0 ? "+" : ""}${(share * 100).toFixed(1)} pts`;
  return renderTable(
    [
      { title: `${formatCount(result.questions)} questions` },
      { title: "good answers", align: "right" },
      { title: "95 % interval", align: "right" },
      { title: "engaged", align: "right" },
    ],
    [
      row("base", result.base),
      row("aligned", result.aligned),
      ["difference", points(difference), `${points(around[0])} to ${points(around[1])}`, ""],
    ],
  );
}
