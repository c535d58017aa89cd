/** A filter and a sort as SQL over the tables of the index. Values are always parameters. Pure. */
import type { DialogueFilter, DialogueSort } from "../../contract/workbench/dialogues.ts";
import { matchExpression } from "./search.ts";

export interface Condition {
  /** What `words` must match; the rows that do stand in `matched` when the SQL is run. Null = no search. */
  readonly match: string | null;
  /** For WHERE, over `interaction`. */
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

const sortColumns: Record<DialogueSort["by"], string> = {
  time: "interaction.run {d}, interaction.place {d}",
  round: "interaction.round {d}",
  agent: "interaction.agent {d}",
  before: "interaction.before {d} NULLS LAST",
  after: "interaction.after {d} NULLS LAST",
  gain: "interaction.gain {d} NULLS LAST",
  engagement: "interaction.engagement {d} NULLS LAST",
  disagreement: "interaction.disagreement {d} NULLS LAST",
  length: "interaction.length {d}",
  seconds: "interaction.seconds {d} NULLS LAST",
};

/** Equal ones stand in the order in which they were written. */
export function orderBy({ by, direction }: DialogueSort): string {
  const first = sortColumns[by].replaceAll("{d}", direction === "ascending" ? "ASC" : "DESC");
  return by === "time" ? first : `${first}, interaction.run ASC, interaction.place ASC`;
}

export function conditionOf(filter: DialogueFilter): Condition {
  const parts: Omit<Condition, "match">[] = [];
  const add = (sql: string, ...values: (string | number)[]) => parts.push({ sql, values });
  const among = (column: string, list: readonly (string | number)[]) => {
    if (list.length > 0) add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(list));
  };
  const within = (column: string, { from, to }: { from: number | null; to: number | null }) => {
    if (from !== null) add(`${column} >= ?`, from);
    if (to !== null) add(`${column} <= ?`, to);
  };
  const flag = (column: string, wanted: "any" | "only" | "without") => {
    if (wanted !== "any") add(`${column} = ?`, wanted === "only" ? 1 : 0);
  };
  if (filter.runs.length > 0)
    add(
      "interaction.run IN (SELECT id FROM run WHERE key IN (SELECT value FROM json_each(?)))",
      JSON.stringify(filter.runs),
    );
  among("interaction.agent", filter.agents);
  within("interaction.round", filter.rounds);
  if (filter.label !== null) add("interaction.good = ?", filter.label === "good" ? 1 : 0);
  within("interaction.gain", filter.gain);
  within("interaction.before", filter.before);
  within("interaction.after", filter.after);
  within("interaction.engagement", filter.engagement);
  flag("interaction.excluded", filter.excluded);
  flag("interaction.corrected", filter.corrected);
  flag("interaction.unchanged", filter.unchanged);
  if (filter.disagreement !== null) add("interaction.disagreement >= ?", filter.disagreement);
  for (const tag of new Set(filter.tags)) add("interaction.id IN (SELECT interaction FROM tag WHERE tag = ?)", tag);
  const match = matchExpression(filter.text);
  if (match !== null) add("interaction.id IN (SELECT id FROM matched)");
  return {
    match,
    sql: parts.length === 0 ? "1" : parts.map(({ sql }) => sql).join(" AND "),
    values: parts.flatMap(({ values }) => values),
  };
}
