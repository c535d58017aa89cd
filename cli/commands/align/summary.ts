/** What an alignment run ended with, as a person reads it. */
import { z } from "zod";
import { formatCount, formatDuration, formatNumber, formatShare } from "../../output/format.ts";
import { renderPairs } from "../../output/table.ts";

const evaluationPoint = z.looseObject({ loss: z.number(), accuracy: z.number().nullable() });

/** The part of an alignment's result that is shown; the whole goes out with `--json`. */
export const alignResult = z.looseObject({
  steps: z.number(),
  resumedFrom: z.number(),
  rows: z.looseObject({ training: z.number(), evaluation: z.number() }),
  loss: z.looseObject({ first: z.number(), last: z.number() }),
  evaluation: z.object({ first: evaluationPoint, last: evaluationPoint }).nullable(),
  tokensPerSecond: z.number().nullable(),
  seconds: z.number(),
  ended: z.enum(["steps", "early-stop", "time"]).default("steps"),
  plannedSteps: z.number().optional(),
  best: z.looseObject({ step: z.number(), loss: z.number(), adapter: z.string() }).nullable().default(null),
  adapter: z.string(),
});
export type AlignResult = z.infer<typeof alignResult>;

export function alignSummary(value: Record<string, unknown>): string {
  const result = alignResult.parse(value);
  const { steps, rows, loss, evaluation, tokensPerSecond, seconds, best, adapter } = result;
  return renderPairs([
    ["rows", `${formatCount(rows.training)} trained on, ${formatCount(rows.evaluation)} held out`],
    ["steps", [formatCount(steps), ...stepNotes(result)].join(", ")],
    ["loss", `${formatNumber(loss.first)} → ${formatNumber(loss.last)} (means of the first and last tenth)`],
    ...(evaluation === null
      ? []
      : [
          [
            "held-out rows",
            `loss ${formatNumber(evaluation.first.loss)} → ${formatNumber(evaluation.last.loss)}, better answer preferred ${formatShare(evaluation.first.accuracy)} → ${formatShare(evaluation.last.accuracy)}`,
          ] satisfies [string, string],
        ]),
    ...(best === null
      ? []
      : [
          ["best point", `step ${best.step}, loss ${formatNumber(best.loss)}: ${best.adapter}`] satisfies [
            string,
            string,
          ],
        ]),
    ["time", formatDuration(seconds)],
    ["tokens per second", formatNumber(tokensPerSecond)],
    ["adapter", adapter],
  ]);
}

function stepNotes({ steps, plannedSteps, resumedFrom, ended }: AlignResult): string[] {
  return [
    ...(resumedFrom > 0 ? [`resumed after ${formatCount(resumedFrom)}`] : []),
    ...(ended === "early-stop" ? ["ended early because the held-out rows got no better"] : []),
    ...(ended === "time" ? [`the time was over; run it again for the rest of ${plannedSteps ?? steps}`] : []),
  ];
}
