/** What an export ended with, as a person reads it. */
import { z } from "zod";
import { formatBytes, formatNumber } from "../../output/format.ts";
import { renderPairs } from "../../output/table.ts";

/** The part of an export's result that is shown; the whole goes out with `--json`. */
export const exportResult = z.looseObject({
  path: z.string(),
  bytes: z.number(),
  proof: z.looseObject({
    /** Of log-probabilities, trainer against the re-opened file, nats per token. */
    maxDifference: z.number(),
    meanDifference: z.number(),
  }),
});
export type ExportResult = z.infer<typeof exportResult>;

export function exportSummary(value: Record<string, unknown>): string {
  const { path, bytes, proof } = exportResult.parse(value);
  return renderPairs([
    ["file", path],
    ["size", formatBytes(bytes)],
    [
      "proof",
      `opened again; log-probabilities differ from the trainer's by ${formatNumber(proof.maxDifference)} at most, ${formatNumber(proof.meanDifference)} on average`,
    ],
  ]);
}
