/** What a society's run ended with, as a person reads it. */
import { z } from "zod";
import { formatCount, formatDuration, formatNumber } from "../../output/format.ts";
import { renderPairs, renderTable } from "../../output/table.ts";
import type { SocietyFigures } from "./watch.ts";

/** The part of a society's result that is shown; the whole goes out with `--json`. */
const societyResult = z.looseObject({
  interactions: z.number(),
  unparsedRatings: z.number(),
  rounds: z.array(
    z.looseObject({
      round: z.number(),
      draftAlignment: z.number().nullable(),
      alignment: z.number().nullable(),
      draftEngagement: z.number().nullable(),
      engagement: z.number().nullable(),
    }),
  ),
});

export function societySummary(value: Record<string, unknown>, figures: SocietyFigures, directory: string): string {
  const { interactions, unparsedRatings, rounds } = societyResult.parse(value);
  const move = (before: number | null, after: number | null) => `${formatNumber(before)} → ${formatNumber(after)}`;
  const table = renderTable(
    [{ title: "round" }, { title: "alignment, draft → revision" }, { title: "engagement, draft → revision" }],
    rounds.map((round) => [
      String(round.round),
      move(round.draftAlignment, round.alignment),
      move(round.draftEngagement, round.engagement),
    ]),
  );
  const unread = unparsedRatings === 0 ? "" : `, ${formatCount(unparsedRatings)} ratings could not be read`;
  return `${table}\n\n${renderPairs([
    ["interactions", `${formatCount(interactions)}${unread}`],
    ["time", `${formatDuration(figures.seconds)} for ${formatCount(figures.interactions)} of them`],
    ["tokens per second", formatNumber(figures.tokensPerSecond)],
    ["run", directory],
    ["next", `folkmoot data build --run ${directory} --out data.json`],
  ])}`;
}
