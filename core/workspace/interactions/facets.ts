/** Counts under a filter, and what a run looks like as a whole. */
import type { DialogueFilter, Facets } from "../../contract/workbench/dialogues.ts";
import type { InteractionBrief, RoundBrief } from "../../contract/workbench/runs.ts";
import { conditionOf } from "./filterSql.ts";
import type { InteractionIndex } from "./interactionIndex.ts";

export function facetsOf(index: InteractionIndex, filter: DialogueFilter): Facets {
  const { sql, values } = conditionOf(filter);
  const groups = (column: string) =>
    index.all(
      `SELECT ${column} AS value, count(*) AS count FROM interaction WHERE ${sql} GROUP BY 1 ORDER BY 1`,
      ...values,
    ) as unknown as { value: number | null; count: number }[];
  const ones = (column: string) => groups(column).find(({ value }) => value === 1)?.count ?? 0;
  const good = groups("good");
  const bars = (column: string, from: number, to: number) => {
    const counts = new Map(groups(column).map(({ value, count }) => [value, count]));
    return Array.from({ length: to - from + 1 }, (_, i) => from + i).map((value) => ({
      from: value,
      to: value + 1,
      count: counts.get(value) ?? 0,
    }));
  };
  const keys = new Map(index.runs().map(({ id, key }) => [id, key]));
  return {
    total: good.reduce((sum, { count }) => sum + count, 0),
    runs: groups("run").map(({ value, count }) => ({ run: keys.get(value ?? 0) ?? "", count })),
    rounds: groups("round").map(({ value, count }) => ({ round: value ?? 0, count })),
    labels: {
      good: good.find(({ value }) => value === 1)?.count ?? 0,
      bad: good.find(({ value }) => value === 0)?.count ?? 0,
    },
    tags: index.all(
      `SELECT tag, count(*) AS count FROM tag JOIN interaction ON interaction.id = tag.interaction WHERE ${sql}
       GROUP BY tag ORDER BY count DESC, tag`,
      ...values,
    ) as never,
    excluded: ones("excluded"),
    corrected: ones("corrected"),
    unchanged: ones("unchanged"),
    gain: bars("gain", -6, 6),
    before: bars("before", 1, 7),
    after: bars("after", 1, 7),
    engagement: bars("engagement", 1, 7),
  };
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
