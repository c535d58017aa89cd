/** Data sets of the workspace, loaded once per file as it is, and pages of their rows. */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { type DataSet, loadDataSet } from "../../alignment/dataSet.ts";
import type { AlignmentRow, RowKind } from "../../contract/alignment.ts";
import { writeFileAtomic } from "../../workspace/atomicFile.ts";

export interface RowQuery {
  readonly kind: RowKind | null;
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
}

export interface RowPage {
  readonly total: number;
  readonly rows: { index: number; row: AlignmentRow }[];
}

export class DataSets {
  private last: { key: string; loaded: Promise<DataSet> } | null = null;

  /** @throws FolkmootError as `loadDataSet`. */
  async load(path: string): Promise<DataSet> {
    const at = await stat(path).catch(() => null);
    const key = `${path}|${at?.size}|${at?.mtimeMs}`;
    if (this.last?.key === key) return this.last.loaded;
    const loaded = loadDataSet(path);
    this.last = { key, loaded };
    loaded.catch(() => {
      if (this.last?.key === key) this.last = null;
    });
    return loaded;
  }
}

/** Rows under the filter; `index` is the place in the whole set. Pure. */
export function pageOfRows(rows: readonly AlignmentRow[], { kind, text, offset, limit }: RowQuery): RowPage {
  const wanted = text.toLowerCase();
  const matches = (row: AlignmentRow) =>
    (kind === null || row.kind === kind) &&
    (wanted === "" || [row.query, ...row.responses].some((part) => part.toLowerCase().includes(wanted)));
  let total = 0;
  const found: RowPage["rows"] = [];
  for (const [index, row] of rows.entries()) {
    if (!matches(row)) continue;
    if (total >= offset && found.length < limit) found.push({ index, row });
    total++;
  }
  return { total, rows: found };
}

export function kindsOf(rows: readonly AlignmentRow[]): Record<RowKind, number> {
  const counts = { imitation: 0, "self-critic": 0, realignment: 0 };
  for (const { kind } of rows) counts[kind]++;
  return counts;
}

/** At most `most` rows, spread evenly over the set. Pure. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] as T);
}

/**
 * Writes rows: one a line for `.jsonl`, else a JSON list with a row on each line. `published` = the format of the
 * released data (query, responses, scores, models).
 */
export async function writeRows(path: string, rows: readonly AlignmentRow[], format: "folkmoot" | "published") {
  const texts = rows.map((row) => {
    const { query, responses, scores, models } = row;
    return JSON.stringify(format === "folkmoot" ? row : { query, responses, scores, models });
  });
  const content = path.endsWith(".jsonl") ? `${texts.join("\n")}\n` : `[\n${texts.join(",\n")}\n]\n`;
  await writeFileAtomic(path, content);
  return { bytes: Buffer.byteLength(content), sha256: createHash("sha256").update(content).digest("hex") };
}
