/** Rows as their token counts, and what a shorter length makes of them. Pure. */
import type { RowSize, RowSizes } from "../../contract/rowSizes.ts";
import type { PreparedRows } from "../prepareRows.ts";
import { queryLimit, type TokenizedRow } from "../tokenizeRows.ts";

export function sizesOf({ training, evaluation }: Pick<PreparedRows, "training" | "evaluation">): RowSizes {
  const sizeOf = ({ query, responses, scores }: TokenizedRow): RowSize => ({
    query: query.length,
    responses: responses.map(({ length }) => length),
    scores: [...scores],
  });
  return { training: training.map(sizeOf), evaluation: evaluation.map(sizeOf) };
}

/** Of query and longest response together. */
export function lengthOf({ query, responses }: RowSize): number {
  return query + Math.max(...responses);
}

/** As `tokenizeRow` cuts. */
export function cutSize({ query, responses, scores }: RowSize, maxLength: number): RowSize {
  const kept = Math.min(query, queryLimit(Math.max(...responses), maxLength));
  return { query: kept, responses: responses.map((length) => Math.min(length, maxLength - kept)), scores };
}
