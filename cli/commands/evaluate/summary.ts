/** What an evaluation ended with, as a person reads it. */
import { z } from "zod";
import { evaluationSummary, type Interval, type SideSummary } from "../../../core/contract/evaluation.ts";
import { formatCount, formatDuration, formatNumber, formatPoints, formatShare } from "../../output/format.ts";
import { renderPairs, renderTable } from "../../output/table.ts";

/** The summary, and what its session took. */
export const evaluateResult = z.looseObject({
  ...evaluationSummary.shape,
  tokensPerSecond: z.number().nullable(),
  seconds: z.number(),
});
export type EvaluateResult = z.infer<typeof evaluateResult>;

export function evaluateSummary(value: Record<string, unknown>): string {
  const result = evaluateResult.parse(value);
  const { win, tie, lose } = result.tally;
  return `${comparisonTable(result)}\n\n${renderPairs([
    ["questions", `${formatCount(result.questions)}, scored by ${result.scoredBy}`],
    ["aligned answer", `better ${win}, as good ${tie}, worse ${lose}`],
    ["time", formatDuration(result.seconds)],
    ["tokens per second", formatNumber(result.tokensPerSecond)],
  ])}`;
}

/** One row per side and one for the difference; columns only for what was measured. */
export function comparisonTable(result: Pick<EvaluateResult, "base" | "aligned" | "difference">): string {
  const { base, aligned, difference } = result;
  const columns: { title: string; of: (side: SideSummary) => string; change: string }[] = [];
  if (base.goodShare !== null)
    columns.push(
      { title: "good answers", of: (side) => formatShare(side.goodShare), change: points(difference.good?.value) },
      { title: "interval", of: (side) => shares(side.interval), change: pointRange(difference.good?.interval) },
    );
  if (base.engagedShare !== null)
    columns.push({
      title: "engaged",
      of: (side) => formatShare(side.engagedShare),
      change: points(difference.engaged?.value),
    });
  if (base.alignment !== null || base.engagement !== null)
    columns.push(
      {
        title: "alignment, 1-7",
        of: (side) => formatNumber(side.alignment),
        change: formatNumber(difference.alignment?.value),
      },
      {
        title: "engagement, 1-7",
        of: (side) => formatNumber(side.engagement),
        change: formatNumber(difference.engagement?.value),
      },
    );
  return renderTable(
    [{ title: "" }, ...columns.map(({ title }) => ({ title, align: "right" as const }))],
    [
      ["base", ...columns.map(({ of }) => of(base))],
      ["aligned", ...columns.map(({ of }) => of(aligned))],
      ["difference", ...columns.map(({ change }) => change)],
    ],
  );
}

function shares(interval: Interval | null): string {
  return interval === null ? "–" : `${formatShare(interval[0])} to ${formatShare(interval[1])}`;
}

function points(value: number | undefined): string {
  return value === undefined ? "–" : formatPoints(value);
}

function pointRange(interval: Interval | undefined): string {
  return interval === undefined ? "–" : `${formatPoints(interval[0])} to ${formatPoints(interval[1])}`;
}
