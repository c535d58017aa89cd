/** How many rows of a data set a run will train, before anything is tokenized: what a form tells beforehand. Pure. */
import type { AlignConfig, AlignmentRow } from "../contract/alignment.ts";
import { needsPairs } from "./losses/index.ts";
import { hasPair } from "./losses/loss.ts";
import { splitRows } from "./split.ts";

export interface PlannedRows {
  readonly training: number;
  /** Held out for the evaluation curve. */
  readonly evaluation: number;
  /** Left out because all of the loss lives on pairs and they have none. */
  readonly pairless: number;
}

/** As `prepareRows` takes them; a response counts as empty here when it has no characters. */
export function plannedRows(
  rows: readonly Pick<AlignmentRow, "query" | "responses" | "scores">[],
  { loss, evaluationShare, seed }: Pick<AlignConfig, "loss" | "evaluationShare" | "seed">,
): PlannedRows {
  const pairsOnly = needsPairs(loss);
  const queries: string[] = [];
  let pairless = 0;
  for (const { query, responses, scores } of rows) {
    const written = scores.filter((_, i) => responses[i] !== "");
    if (written.length === 0) continue;
    if (pairsOnly && !hasPair(written)) pairless++;
    else queries.push(query);
  }
  if (queries.length === 0) return { training: 0, evaluation: 0, pairless };
  const { training, evaluation } = splitRows(queries, evaluationShare, seed);
  return { training: training.length, evaluation: evaluation.length, pairless };
}
