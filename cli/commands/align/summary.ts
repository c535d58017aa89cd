/** What an alignment run ended with, as a person reads it. */
import { z } from "zod";
import { heldMemory } from "../../../core/alignment/memory/history.ts";
import { formatBytes, formatCount, formatDuration, formatNumber, formatShare } from "../../output/format.ts";
import { renderPairs } from "../../output/table.ts";

const bytes = z.number();
const trainerMemory = z.object({
  weights: bytes,
  transposed: bytes,
  adapter: bytes,
  activations: bytes,
  arena: bytes,
});
const evaluationPoint = z.looseObject({ step: z.number(), loss: z.number(), accuracy: z.number().nullable() });

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
  memory: trainerMemory.nullable().default(null),
  memoryEstimate: z.looseObject({ total: z.number(), program: z.number() }).nullable().default(null),
  /** Of the process; null where a former training in it took more. */
  peakResidentBytes: z.number().nullable().default(null),
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
  return [["best point", "no checkpoint was better than the base on the held-out rows"]];
}

/** Measured beside what was expected before the start, for the longest rows that the settings allow. */
function memoryLines(result: AlignResult): [string, string][] {
  const { memory, memoryEstimate, peakResidentBytes, tokensPerSecond } = result;
  // Nothing was trained: a session that only reports holds next to nothing.
  if (memory === null || tokensPerSecond === null) return [];
  const { weights, transposed, adapter, activations, arena } = memory;
  const parts = [
    `weights ${formatBytes(weights)}`,
    ...(transposed > 0 ? [`transposed copies ${formatBytes(transposed)}`] : []),
    `adapter ${formatBytes(adapter)}`,
    `activations ${formatBytes(activations)}`,
    `working memory ${formatBytes(arena)}`,
  ];
  const expected = memoryEstimate === null ? null : memoryEstimate.total - memoryEstimate.program;
  const estimated = expected === null ? "" : `, estimated at most ${formatBytes(expected)}`;
  const process = peakResidentBytes === null ? "" : `; the process ${formatBytes(peakResidentBytes)}`;
  return [
    ["memory", `${formatBytes(heldMemory(memory))}${estimated}${process}`],
    ["", parts.join(", ")],
  ];
}

function stepNotes({ steps, plannedSteps, resumedFrom, ended }: AlignResult): string[] {
  return [
    ...(resumedFrom > 0 ? [`resumed after ${formatCount(resumedFrom)}`] : []),
    ...(ended === "early-stop" ? ["ended early because the held-out rows got no better"] : []),
    ...(ended === "time" ? [`the time was over; run it again for the rest of ${plannedSteps ?? steps}`] : []),
  ];
}
