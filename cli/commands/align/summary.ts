/** What an alignment run ended with, as a person reads it. */
import { z } from "zod";
import {
  compareMemory,
  differenceOf,
  type MemoryFigures,
  type MemoryPart,
} from "../../../core/contract/trainingMemory.ts";
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare } from "../../output/format.ts";
import { renderPairs } from "../../output/table.ts";

const evaluationPoint = z.looseObject({ step: z.number(), loss: z.number(), accuracy: z.number().nullable() });

/** The part of an alignment's result that is shown; the whole goes out with `--json`. */
export const alignResult = z.looseObject({
  steps: z.number(),
  resumedFrom: z.number(),
  rows: z.looseObject({ training: z.number(), evaluation: z.number() }),
  loss: z.looseObject({ first: z.number(), last: z.number() }),
  evaluation: z
    .object({ first: evaluationPoint, last: evaluationPoint, best: evaluationPoint.nullable().default(null) })
    .nullable(),
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
      ? noBestNote(evaluation)
      : [
          ["best point", `step ${best.step}, loss ${formatNumber(best.loss)}: ${best.adapter}`] satisfies [
            string,
            string,
          ],
        ]),
    ["time", formatDuration(seconds)],
    ["tokens per second", formatNumber(tokensPerSecond)],
    ...memoryLines(result),
    ["adapter", adapter],
  ]);
}

/** Nothing where held-out rows were not measured after the first step. */
function noBestNote(evaluation: AlignResult["evaluation"]): [string, string][] {
  if (evaluation === null || evaluation.last.step === 0) return [];
  const { best } = evaluation;
  const note =
    best === null
      ? "no checkpoint was better than the base on the held-out rows"
      : `step ${best.step}, loss ${formatNumber(best.loss)}, whose checkpoint is damaged`;
  return [["best point", note]];
}

/** Measured beside what was expected before the start, part by part: both totals count the same parts. */
function memoryLines(result: AlignResult): [string, string][] {
  const memory = compareMemory(result);
  if (memory === null) return [];
  const { parts, total, besideCard } = memory;
  const inWords = parts.map(
    ({ part, ...figures }) => [`  ${partNames[part]}`, figuresText(figures)] as [string, string],
  );
  const beside = besideCard === null ? [] : ([["  beside the card", formatBytes(besideCard)]] as [string, string][]);
  return [["memory", figuresText(total)], ...inWords, ...beside];
}

const partNames: Readonly<Record<MemoryPart, string>> = {
  weights: "weights",
  copies: "copies of weights",
  adapter: "adapter and moments",
  activations: "activations",
  work: "working memory",
  program: "the program itself",
};

function figuresText(figures: MemoryFigures): string {
  const { measured, estimated } = figures;
  if (estimated === null) return formatBytes(measured);
  const difference = differenceOf(figures);
  const percent = difference === null ? 0 : Math.round(difference * 100);
  const apart = percent === 0 ? "" : `, ${Math.abs(percent)} % ${percent < 0 ? "less" : "more"}`;
  return `${formatBytes(measured)} (estimated ${formatBytes(estimated)}${apart})`;
}

function stepNotes({ steps, plannedSteps, resumedFrom, ended }: AlignResult): string[] {
  return [
    ...(resumedFrom > 0 ? [`resumed after ${formatCount(resumedFrom)}`] : []),
    ...(ended === "early-stop" ? ["ended early because the held-out rows got no better"] : []),
    ...(ended === "time" ? [`the time was over; run it again for the rest of ${plannedSteps ?? steps}`] : []),
  ];
}
