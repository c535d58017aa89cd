/** metrics.jsonl as columns, read once and then only what is new; points for a curve. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { metricsLine } from "../../contract/alignment.ts";
import type { MetricName } from "../../contract/workbench/align.ts";
import { parseObject, readLines } from "../../workspace/journalLines.ts";

interface Columns {
  /** Of the file that was read: a rewritten one (a resumed run is cut back) is another. */
  readonly inode: number;
  bytes: number;
  readonly steps: number[];
  /** NaN = no value there. */
  readonly values: Map<string, number[]>;
}

const names = Object.keys(metricsLine.shape).filter((name) => name !== "step");

export class MetricsFiles {
  private readonly files = new Map<string, Columns>();

  /** Columns of a run, with everything in its file so far. */
  async read(directory: string): Promise<Pick<Columns, "steps" | "values">> {
    const handle = await open(join(directory, "metrics.jsonl"), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (handle === null) return emptyColumns(0);
    try {
      const { ino, size } = await handle.stat();
      const known = this.files.get(directory);
      const columns = known !== undefined && known.inode === ino && size >= known.bytes ? known : emptyColumns(ino);
      this.files.delete(directory);
      this.files.set(directory, columns);
      for (const old of [...this.files.keys()].slice(0, -16)) this.files.delete(old);
      for await (const line of readLines(handle, size, columns.bytes)) {
        if (!line.complete) break;
        columns.bytes = line.end;
        const value = parseObject(line.bytes) as Record<string, unknown> | undefined;
        if (typeof value?.step !== "number") continue;
        columns.steps.push(value.step);
        for (const name of names) {
          const point = value[name];
          columns.values.get(name)?.push(typeof point === "number" ? point : Number.NaN);
        }
      }
      return columns;
    } finally {
      await handle.close();
    }
  }
}

function emptyColumns(inode: number): Columns {
  return { inode, bytes: 0, steps: [], values: new Map(names.map((name) => [name, []])) };
}

export interface Points {
  readonly x: number[];
  readonly y: (number | null)[];
}

export interface CurveRequest {
  readonly names: readonly MetricName[];
  readonly from: number | null;
  readonly to: number | null;
  /** Most points of each series. */
  readonly points: number;
}

/**
 * Series in the range, decimated where there are more points than asked for. Steps ascend. A series without any value
 * there (rewards of a loss that has none) is empty.
 */
export function curvesOf(columns: Pick<Columns, "steps" | "values">, { names, from, to, points }: CurveRequest) {
  const start = from === null ? 0 : lowerBound(columns.steps, from);
  const end = to === null ? columns.steps.length : lowerBound(columns.steps, to + 1);
  const raw = end - start <= points;
  const series = names.map((name) => {
    const values = columns.values.get(name) ?? [];
    if (!hasValues(values, start, end)) return { name, x: [], y: [] };
    return {
      name,
      ...(raw ? plain(columns.steps, values, start, end) : extremes(columns.steps, values, { start, end, points })),
    };
  });
  return { steps: columns.steps.length, raw, series };
}

function hasValues(values: readonly number[], start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!Number.isNaN(values[i] ?? Number.NaN)) return true;
  return false;
}

function plain(steps: readonly number[], values: readonly number[], start: number, end: number): Points {
  return { x: steps.slice(start, end), y: values.slice(start, end).map(orNull) };
}

/** Two points per bucket, the least and the greatest in their own order, so no spike is lost; a gap stays a gap. */
export function extremes(
  steps: readonly number[],
  values: readonly number[],
  { start, end, points }: { start: number; end: number; points: number },
): Points {
  const buckets = Math.max(1, Math.floor(points / 2));
  const [x, y]: [number[], (number | null)[]] = [[], []];
  const add = (index: number) => {
    x.push(steps[index] ?? 0);
    y.push(orNull(values[index] ?? Number.NaN));
  };
  for (let bucket = 0; bucket < buckets; bucket++) {
    const first = start + Math.floor(((end - start) * bucket) / buckets);
    const last = start + Math.floor(((end - start) * (bucket + 1)) / buckets);
    if (first >= last) continue;
    let [least, greatest] = [-1, -1];
    for (let i = first; i < last; i++) {
      const value = values[i] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      if (least === -1 || value < (values[least] ?? 0)) least = i;
      if (greatest === -1 || value > (values[greatest] ?? 0)) greatest = i;
    }
    if (least === -1) add(first);
    else if (least === greatest) add(least);
    else for (const index of [Math.min(least, greatest), Math.max(least, greatest)]) add(index);
  }
  return { x, y };
}

/** First index whose step is at least `step`. */
function lowerBound(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
