/**
 * A checkpoint is an adapter with its state (optimizer moments, cursor, generator), valid as a whole or absent:
 *
 *   checkpoints/step-00000050/ adapter.gguf  optimizer.bin  state.json
 *
 * The files are written in a folder beside and fsynced; state.json comes last and carries the SHA-256 of the others
 * and of itself; then the folder is renamed. `latestCheckpoint` believes only what adds up.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { fsyncDirectory, fsyncFile, partialSuffix, writeJsonAtomic } from "./atomicFile.ts";
import { hashFile, sha256 } from "./hash.ts";

export const adapterFileName = "adapter.gguf";
const stateFileName = "state.json";
const folderName = /^step-(\d{8,})$/;

const stateFile = z.object({
  version: z.literal(1),
  step: z.number().int().nonnegative(),
  files: z.record(z.string(), z.object({ bytes: z.number(), sha256: z.string() })),
  state: z.unknown(),
  stateSha256: z.string(),
});

export interface NewCheckpoint {
  /** Optimizer steps done. */
  readonly step: number;
  /** Writers of the files by name; `adapter.gguf` is one of them. Each gets the path to write. */
  readonly files: Readonly<Record<string, (path: string) => Promise<void>>> & {
    readonly [adapterFileName]: (path: string) => Promise<void>;
  };
  /** Plain JSON: cursor, generator state, best loss. */
  readonly state: unknown;
}

export interface Checkpoint<S> {
  readonly step: number;
  readonly directory: string;
  readonly adapter: string;
  /** Absolute path of a file of the checkpoint. */
  file(name: string): string;
  readonly state: S;
}

/**
 * Writes a checkpoint into `directory` and removes all but the newest `keep` (default 3) valid ones, together with
 * what killed writers left. A checkpoint of the same step is replaced.
 */
export async function saveCheckpoint(directory: string, checkpoint: NewCheckpoint, keep = 3): Promise<void> {
  await mkdir(directory, { recursive: true });
  const folder = join(directory, `step-${String(checkpoint.step).padStart(8, "0")}`);
  const partial = `${folder}${partialSuffix}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const [name, write] of Object.entries(checkpoint.files)) {
    const path = join(partial, name);
    await write(path);
    await fsyncFile(path);
    files[name] = { bytes: (await stat(path)).size, sha256: await hashFile(path) };
  }
  const { step, state } = checkpoint;
  const stateSha256 = hashState(state);
  await writeJsonAtomic(join(partial, stateFileName), { version: 1, step, files, state, stateSha256 });
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  await fsyncDirectory(directory);
  await prune(directory, Math.max(1, keep));
}

/** The newest checkpoint whose files are all whole, or undefined. Broken ones are passed over, never repaired. */
export async function latestCheckpoint<S>(directory: string, schema: z.ZodType<S>): Promise<Checkpoint<S> | undefined> {
  for (const folder of await checkpointFolders(directory)) {
    const found = await readCheckpoint(folder, schema);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every valid checkpoint, newest first. */
export async function listCheckpoints<S>(directory: string, schema: z.ZodType<S>): Promise<Checkpoint<S>[]> {
  const read = (await checkpointFolders(directory)).map((folder) => readCheckpoint(folder, schema));
  return (await Promise.all(read)).filter((found) => found !== undefined);
}

/** Steps of all checkpoints by their folders, whole or damaged, newest first. */
export async function checkpointSteps(directory: string): Promise<number[]> {
  return (await checkpointFolders(directory)).map((folder) => Number(folderName.exec(basename(folder))?.[1]));
}

async function readCheckpoint<S>(folder: string, schema: z.ZodType<S>): Promise<Checkpoint<S> | undefined> {
  const file = await readState(join(folder, stateFileName));
  if (file === undefined || hashState(file.state) !== file.stateSha256) return undefined;
  if (!(adapterFileName in file.files)) return undefined;
  for (const [name, expected] of Object.entries(file.files))
    if (!(await isWhole(join(folder, name), expected))) return undefined;
  const state = schema.safeParse(file.state);
  if (!state.success) return undefined;
  const path = (name: string) => join(folder, name);
  return { step: file.step, directory: folder, adapter: path(adapterFileName), file: path, state: state.data };
}

/** A missing state is the same as null: JSON has no undefined. */
function hashState(state: unknown): string {
  return sha256(JSON.stringify(state ?? null));
}

async function readState(path: string): Promise<z.infer<typeof stateFile> | undefined> {
  try {
    return stateFile.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || error instanceof z.ZodError || code === "ENOENT") return undefined;
    throw error;
  }
}

async function isWhole(path: string, expected: { bytes: number; sha256: string }): Promise<boolean> {
  try {
    if ((await stat(path)).size !== expected.bytes) return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  return (await hashFile(path)) === expected.sha256;
}

/** Folders of finished checkpoints, newest step first. */
async function checkpointFolders(directory: string): Promise<string[]> {
  const names = await namesIn(directory);
  const steps = names.flatMap((name) => {
    const match = folderName.exec(name);
    return match?.[1] === undefined ? [] : [{ name, step: Number(match[1]) }];
  });
  return steps.sort((a, b) => b.step - a.step).map(({ name }) => join(directory, name));
}

async function prune(directory: string, keep: number): Promise<void> {
  let kept = 0;
  for (const folder of await checkpointFolders(directory)) {
    if (kept < keep && (await readCheckpoint(folder, z.unknown())) !== undefined) kept++;
    else await rm(folder, { recursive: true, force: true });
  }
  for (const name of await namesIn(directory))
    if (name.endsWith(partialSuffix)) await rm(join(directory, name), { recursive: true, force: true });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
