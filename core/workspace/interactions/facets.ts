/** Counts under a filter, and what a run looks like as a whole. */
import type { DialogueFilter, Facets } from "../../contract/workbench/dialogues.ts";
import type { InteractionBrief, RoundBrief } from "../../contract/workbench/runs.ts";
import type { InteractionIndex } from "./interactionIndex.ts";

/** Ratings as digits of one number, so that one pass over the rows counts all of them; 0 = could not be read. */
const ratingDigits = `(coalesce(gain + 7, 0) * 512 + coalesce(before, 0) * 64 + coalesce(after, 0) * 8 + coalesce(engagement, 0))`;

export function facetsOf(index: InteractionIndex, filter: DialogueFilter): Facets {
  const { sql, values } = index.prepare(filter);
  const places = index.all(
    `SELECT run, round, good, excluded, corrected, unchanged, count(*) AS count FROM interaction WHERE ${sql}
     GROUP BY run, round, good, excluded, corrected, unchanged`,
    ...values,
  ) as unknown as Record<"run" | "round" | "good" | "excluded" | "corrected" | "unchanged" | "count", number>[];
  const ratings = index.all(
    `SELECT ${ratingDigits} AS digits, count(*) AS count FROM interaction WHERE ${sql} GROUP BY 1`,
    ...values,
  ) as unknown as { digits: number; count: number }[];
  const sumOf = (column: "good" | "excluded" | "corrected" | "unchanged") =>
    sum(places.filter((place) => place[column] === 1));
  const bars = (digitOf: (digits: number) => number, from: number, to: number) => {
    const counts = tally(ratings, ({ digits }) => digitOf(digits));
    return Array.from({ length: to - from + 1 }, (_, i) => from + i).map((value) => ({
      from: value,
      to: value + 1,
      count: counts.get(value) ?? 0,
    }));
  };
  const keys = new Map(index.runs().map(({ id, key }) => [id, key]));
  const total = sum(places);
  return {
    total,
    runs: [...tally(places, ({ run }) => run)].map(([run, count]) => ({ run: keys.get(run) ?? "", count })),
    rounds: [...tally(places, ({ round }) => round)]
      .sort(([a], [b]) => a - b)
      .map(([round, count]) => ({ round, count })),
    labels: { good: sumOf("good"), bad: total - sumOf("good") },
    tags: index.all(
      `SELECT tag, count(*) AS count FROM tag JOIN interaction ON interaction.id = tag.interaction WHERE ${sql}
       GROUP BY tag ORDER BY count DESC, tag`,
      ...values,
    ) as never,
    excluded: sumOf("excluded"),
    corrected: sumOf("corrected"),
    unchanged: sumOf("unchanged"),
    gain: bars((digits) => (digits < 512 ? Number.NaN : Math.floor(digits / 512) - 7), -6, 6),
    before: bars((digits) => Math.floor(digits / 64) % 8, 1, 7),
    after: bars((digits) => Math.floor(digits / 8) % 8, 1, 7),
    engagement: bars((digits) => digits % 8, 1, 7),
  };
}

function sum(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((total, { count }) => total + count, 0);
}

function tally<T extends { readonly count: number }>(
  groups: readonly T[],
  keyOf: (group: T) => number,
): Map<number, number> {
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(keyOf(group), (counts.get(keyOf(group)) ?? 0) + group.count);
  return counts;
}

export function tagsInUse(index: InteractionIndex): { tag: string; count: number }[] {
  return index.all("SELECT tag, count(*) AS count FROM tag GROUP BY tag ORDER BY count DESC, tag") as never;
}

export interface RunOverview {
  readonly interactions: number;
  /** Rounds in which every agent is finished. */
  readonly rounds: RoundBrief[];
  /** Counts of the observer's alignment ratings of revisions, index 0 = rating 1. */
  readonly ratings: number[];
  /** The last of every agent that has one, by agent. */
  readonly last: InteractionBrief[];
  /** The last finished ones, newest last. */
  readonly recent: InteractionBrief[];
}

export const emptyOverview: RunOverview = {
  interactions: 0,
  rounds: [],
  ratings: [0, 0, 0, 0, 0, 0, 0],
  last: [],
  recent: [],
};

/** @param agents in the society, to tell whole rounds from the one in work */
export function overviewOf(index: InteractionIndex, run: string, agents: number, recent: number): RunOverview {
  const id = index.get("SELECT id FROM run WHERE key = ?", run)?.id;
  if (typeof id !== "number") return emptyOverview;
  const rounds = index.all(
    `SELECT round, count(*) AS count, avg(after) AS alignment, avg(engagement) AS engagement,
       avg(recalled) AS recallShare, sum(unparsed) AS unparsedRatings
     FROM interaction WHERE run = ? GROUP BY round ORDER BY round`,
    id,
  ) as unknown as (RoundBrief & { count: number })[];
  const counts = index.all("SELECT after, count(*) AS count FROM interaction WHERE run = ? GROUP BY after", id);
  const briefs = (sql: string, ...values: number[]) =>
    index
      .all(`SELECT brief, seconds FROM interaction JOIN excerpt USING (id) WHERE ${sql}`, ...values)
      .map(({ brief, seconds }): InteractionBrief => ({ ...JSON.parse(brief as string), seconds: seconds ?? 0 }));
  return {
    interactions: rounds.reduce((sum, { count }) => sum + count, 0),
    rounds: rounds.filter(({ count }) => count >= agents).map(({ count: _, ...round }) => round),
    ratings: [1, 2, 3, 4, 5, 6, 7].map(
      (rating) => (counts.find(({ after }) => after === rating)?.count as number) ?? 0,
    ),
    last: briefs(
      `interaction.id IN (SELECT id FROM (SELECT id, max(place) FROM interaction WHERE run = ? GROUP BY agent)) ORDER BY agent`,
      id,
    ),
    recent: briefs("run = ? ORDER BY place DESC LIMIT ?", id, recent).reverse(),
  };
}
