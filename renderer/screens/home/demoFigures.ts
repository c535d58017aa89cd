/** The few numbers of a finished demo that Home shows, picked out of results.json whatever else stands there. */
import { z } from "zod";
import { formatShare } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";

const share = z.object({ goodShare: z.number().nullable() });
const results = z.object({ evaluation: z.object({ base: share, aligned: share }) });

/** Name and value, in reading order; empty when the file is of another form. */
export function demoFigures(file: Record<string, unknown>): [string, string][] {
  const parsed = results.safeParse(file);
  if (!parsed.success) return [];
  const { base, aligned } = parsed.data.evaluation;
  return [
    [text.home.goodBase, formatShare(base.goodShare)],
    [text.home.goodAligned, formatShare(aligned.goodShare)],
  ];
}
