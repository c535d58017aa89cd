/** Alignment rows on disk: our own, and the published format `[{query, responses[], scores[]}]`. */
import type { ZodError } from "zod";
import { type AlignmentRow, alignmentRow, publishedRow } from "../contract/alignment.ts";
import { complaintOf } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";
import { readJsonObjects } from "./jsonObjects.ts";

export interface DataSet {
  readonly rows: readonly AlignmentRow[];
  /** Rows that repeat an earlier one (query, responses and scores); they are kept, as the file's own weighting. */
  readonly duplicates: number;
  /** Rows with a score outside 1-7, such as a sentinel for "could not be read". */
  readonly outsideScale: number;
}

/**
 * Reads a JSON list or jsonl; rows with a `kind` are ours, others are in the published format and become `imitation`.
 * @throws data-not-found; data-corrupt naming row and field (wrong types, NaN, infinite, null or missing scores,
 *   lengths that differ, no rows)
 */
export async function loadDataSet(path: string): Promise<DataSet> {
  const rows: AlignmentRow[] = [];
  const seen = new Set<string>();
  let outsideScale = 0;
  for await (const { row: number, value } of readJsonObjects(path)) {
    const row = parseRow(path, number, value);
    seen.add(JSON.stringify([row.query, row.responses, row.scores]));
    if (row.scores.some((score) => score < 1 || score > 7)) outsideScale++;
    rows.push(row);
  }
  if (rows.length === 0)
    throw new FolkmootError("data-corrupt", {
      message: `${path} holds no rows.`,
      reason: "The file is empty, or every interaction was filtered out when it was built.",
      action: "Choose a file with at least one row of query, responses and scores.",
      details: { path },
    });
  return { rows, duplicates: rows.length - seen.size, outsideScale };
}

function parseRow(path: string, number: number, value: unknown): AlignmentRow {
  if (typeof value === "object" && value !== null && "kind" in value) {
    const own = alignmentRow.safeParse(value);
    if (own.success) return own.data;
    throw rowError(path, number, own.error, value);
  }
  const published = publishedRow.safeParse(value);
  if (!published.success) throw rowError(path, number, published.error, value);
  const { query, responses, scores, models } = published.data;
  if (models !== undefined && models.length !== responses.length)
    throw fieldError(path, number, "models", "models and responses must have the same length");
  return { kind: "imitation", query, responses, scores, models: models ?? responses.map(() => "unknown"), source: [] };
}

function rowError(path: string, number: number, error: ZodError, value: unknown): FolkmootError {
  const issue = error.issues[0];
  const field = (issue?.path ?? []).reduce<string>(
    (name, part) =>
      typeof part === "number" ? `${name}[${part}]` : name === "" ? String(part) : `${name}.${String(part)}`,
    "",
  );
  return fieldError(path, number, field, issue === undefined ? "has another shape" : complaintOf(issue, value));
}

function fieldError(path: string, number: number, field: string, problem: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `Row ${number} of ${path}${field === "" ? "" : `, field ${field}`}: ${problem}.`,
    reason: "A row needs a query (text), responses (a list of texts) and scores (a finite number for each response).",
    action: "Repair or remove that row, or choose another file.",
    details: { path, row: number, field },
  });
}
