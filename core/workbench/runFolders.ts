/** What the folder of a run says about it while nobody works in it. */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { alignConfig } from "../contract/alignment.ts";
import { evaluationConfig } from "../contract/evaluation.ts";
import { societyConfig } from "../contract/society.ts";
import { runKey } from "../contract/workbench/common.ts";

/** Configuration of any kind of run. */
export const anyRunConfig = z.discriminatedUnion("kind", [
  societyConfig.extend({ kind: z.literal("society") }),
  alignConfig.extend({ kind: z.literal("align") }),
  evaluationConfig.extend({ kind: z.literal("evaluation") }),
]);
export type AnyRunConfig = z.infer<typeof anyRunConfig>;

export interface RunOnDisk {
  readonly run: string;
  readonly directory: string;
  readonly config: AnyRunConfig;
  /** When it was started first, and when its files changed last; milliseconds. */
  readonly created: number;
  readonly updated: number;
  /** What `finished` carried; null when it has not ended, or was resumed since. */
  readonly result: Record<string, unknown> | null;
}

/** Runs of the workspace: folders below `runs/`, alone or in the folder of an experiment. Others are passed over. */
export async function findRuns(root: string): Promise<RunOnDisk[]> {
  const found: RunOnDisk[] = [];
  for (const name of await foldersIn(root)) {
    const alone = await readRun(root, name);
    if (alone !== null) {
      found.push(alone);
      continue;
    }
    for (const inner of await foldersIn(join(root, name))) {
      const run = await readRun(root, `${name}/${inner}`);
      if (run !== null) found.push(run);
    }
  }
  return found;
}

/** Null for a folder that holds no run that this program can read. */
export async function readRun(root: string, run: string): Promise<RunOnDisk | null> {
  if (!runKey.safeParse(run).success) return null;
  const directory = join(root, run);
  const path = join(directory, "config.json");
  try {
    const config = anyRunConfig.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (!config.success) return null;
    const created = (await stat(path)).mtimeMs;
    return {
      run,
      directory,
      config: config.data,
      created,
      updated: Math.max(created, await lastChange(directory)),
      result: await lastResult(join(directory, "events.jsonl")),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The last JSON object of a journal, from its end; undefined when there is none in the last 256 KB. */
export async function lastLine(path: string): Promise<unknown> {
  for (const line of (await tailLines(path)).reverse()) {
    const value = parse(line);
    if (value !== undefined) return value;
  }
  return undefined;
}

const tailBytes = 256 * 1024;
const ending = z.object({ type: z.literal("finished"), result: z.record(z.string(), z.unknown()) });
const beginning = z.object({ type: z.enum(["started", "interaction", "metrics"]) });

/** What `finished` carried. A run that went on after it had finished says so with later lines: null. */
export async function lastResult(events: string): Promise<Record<string, unknown> | null> {
  for (const line of (await tailLines(events)).reverse()) {
    const value = parse(line);
    const finished = ending.safeParse(value);
    if (finished.success) return finished.data.result;
    if (beginning.safeParse(value).success) return null;
  }
  return null;
}

async function tailLines(path: string): Promise<string[]> {
  const handle = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return [];
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - tailBytes);
    const bytes = Buffer.alloc(size - start);
    await handle.read(bytes, 0, bytes.length, start);
    return bytes
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "");
  } finally {
    await handle.close();
  }
}

async function lastChange(directory: string): Promise<number> {
  const names = ["events.jsonl", "interactions.jsonl", "metrics.jsonl", "results.jsonl"];
  const times = names.map(async (name) => (await stat(join(directory, name)).catch(() => null))?.mtimeMs ?? 0);
  return Math.max(...(await Promise.all(times)));
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
