/**
 * A run directory is the only truth about a run (docs/architecture.md, "On disk"):
 *
 *   config.json  env.json  lock
 *   events.jsonl  interactions.jsonl | metrics.jsonl | results.jsonl
 *   checkpoints/  exports/
 *
 * One writer at a time; whoever only looks uses `viewRun`.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { fsyncDirectory, partialSuffix, writeJsonAtomic } from "./atomicFile.ts";
import { describeEnvironment, type Environment, environment, hashFiles } from "./environment.ts";
import { hashFile } from "./hash.ts";
import { Journal, readJournal } from "./journal.ts";
import { acquireLock, type Lock, lockFileName } from "./lock.ts";
import { makeFolder } from "./makeFolder.ts";
import { configFileName, firstDifference, type RunConfig, readRunConfig } from "./runConfig.ts";
import { bindingSettings, runId } from "./runId.ts";

export const journalNames = ["events", "interactions", "metrics", "results"] as const;
export type JournalName = (typeof journalNames)[number];

const environmentFileName = "env.json";

export interface NewRun<C extends RunConfig> {
  /** Parsed configuration, paths absolute. */
  readonly config: C;
  readonly schema: z.ZodType<C>;
  /** Absolute paths of the files that go in (models, adapters, questions, data); hashed into env.json. */
  readonly files: readonly string[];
  /** Default: derived from configuration and file contents (`runId`). */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

/** A run as somebody sees it who does not write to it. */
export interface RunView<C extends RunConfig> {
  readonly path: string;
  readonly id: string;
  readonly config: C;
  readonly environment: Environment;
}

export class RunDirectory<C extends RunConfig = RunConfig> implements RunView<C>, AsyncDisposable {
  readonly path: string;
  readonly id: string;
  readonly config: C;
  readonly environment: Environment;
  private readonly lock: Lock;
  private readonly journals = new Map<JournalName, Promise<Journal<object>>>();

  private constructor(view: RunView<C>, lock: Lock) {
    this.path = view.path;
    this.id = view.id;
    this.config = view.config;
    this.environment = view.environment;
    this.lock = lock;
  }

  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  get exports(): string {
    return join(this.path, "exports");
  }

  /**
   * Makes a new run in `path` (created with its parents). config.json comes last: with it the run exists.
   * @throws FolkmootError `bad-input` when the folder holds something else; `run-mismatch` when it already holds a
   * run; `workspace-locked`.
   */
  static async create<C extends RunConfig>(path: string, run: NewRun<C>): Promise<RunDirectory<C>> {
    const directory = resolve(path);
    await makeFolder(directory);
    await refuseForeignFolder(directory);
    const lock = await acquireLock(join(directory, lockFileName));
    try {
      return new RunDirectory(await writeNewRun(directory, run), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opens an existing run for writing. @throws as `readRunConfig`, and `workspace-locked`. */
  static async open<C extends RunConfig>(path: string, schema: z.ZodType<C>): Promise<RunDirectory<C>> {
    const directory = resolve(path);
    await readRunConfig(directory, schema);
    const lock = await acquireLock(join(directory, lockFileName));
    try {
      return new RunDirectory(await viewRun(directory, schema), lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /**
   * Resumes the run in `path` when it holds one with this very configuration and these very files, else creates it.
   * Execution settings (`runId.ts`) may be others; config.json keeps those that the run started with.
   * @throws FolkmootError `run-mismatch` naming the first setting or the file that differs.
   */
  static async openOrCreate<C extends RunConfig>(
    path: string,
    run: NewRun<C>,
  ): Promise<{ run: RunDirectory<C>; resumed: boolean }> {
    if (!(await holdsRun(resolve(path)))) return { run: await RunDirectory.create(path, run), resumed: false };
    const opened = await RunDirectory.open(path, run.schema);
    try {
      const difference = firstDifference(bindingSettings(opened.config), bindingSettings(run.config));
      if (difference !== undefined) throw otherSettings(opened.path, difference);
      await opened.checkFiles(run.signal);
    } catch (error) {
      await opened.close();
      throw error;
    }
    return { run: opened, resumed: true };
  }

  /** The journal of that name, opened (and its tail repaired) once; closed with the run. */
  async journal<T extends object>(name: JournalName, schema: z.ZodType<T>): Promise<Journal<T>> {
    const known = this.journals.get(name);
    if (known !== undefined) return (await known) as unknown as Journal<T>;
    const opening = Journal.open(join(this.path, `${name}.jsonl`), schema, { durable: name !== "events" });
    this.journals.set(name, opening as unknown as Promise<Journal<object>>);
    return opening;
  }

  /** @throws FolkmootError `run-mismatch` naming a file that is no longer what the run started with. */
  async checkFiles(signal?: AbortSignal): Promise<void> {
    for (const [path, expected] of Object.entries(this.environment.files)) {
      const found = await hashFile(path, signal);
      if (found === expected) continue;
      throw new FolkmootError("run-mismatch", {
        message: `${path} is not the file that the run in ${this.path} started with.`,
        reason: "It was changed or replaced since.",
        action: "Put the old file back, or start a new run in another folder.",
        details: { path, expected, found },
      });
    }
  }

  /** Closes the journals, then gives the lock back. */
  async close(): Promise<void> {
    const opened = [...this.journals.values()];
    this.journals.clear();
    try {
      for (const journal of opened) await (await journal).close();
    } finally {
      await this.lock.release();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Reads a run without lock or repair. @throws as `readRunConfig`. */
export async function viewRun<C extends RunConfig>(path: string, schema: z.ZodType<C>): Promise<RunView<C>> {
  const directory = resolve(path);
  const config = await readRunConfig(directory, schema);
  const parsed = environment.safeParse(await readEnvironment(directory));
  if (!parsed.success)
    throw new FolkmootError("data-corrupt", {
      message: `${join(directory, environmentFileName)} cannot be read.`,
      reason: "The file is missing, was changed by hand or damaged.",
      action: "Restore it from a copy, or start a new run in another folder.",
      details: { path: join(directory, environmentFileName) },
    });
  return { path: directory, id: parsed.data.run, config, environment: parsed.data };
}

/** Streams a journal of a run that may be running. */
export function readRunJournal<T extends object>(
  path: string,
  name: JournalName,
  schema: z.ZodType<T>,
): AsyncGenerator<T> {
  return readJournal(join(path, `${name}.jsonl`), schema);
}

/** Whether `path` is a run directory whose creation was finished. */
export async function holdsRun(path: string): Promise<boolean> {
  return (await namesIn(path)).includes(configFileName);
}

async function writeNewRun<C extends RunConfig>(directory: string, run: NewRun<C>): Promise<RunView<C>> {
  if (await holdsRun(directory)) throw alreadyRun(directory);
  const files = await hashFiles(run.files, run.signal);
  const id = run.id ?? runId(run.config, files);
  const described = await describeEnvironment({ run: id, files, seed: run.config.seed });
  await mkdir(join(directory, "checkpoints"), { recursive: true });
  await mkdir(join(directory, "exports"), { recursive: true });
  await writeJsonAtomic(join(directory, environmentFileName), described);
  await writeJsonAtomic(join(directory, configFileName), run.config);
  await fsyncDirectory(resolve(directory, ".."));
  return { path: directory, id, config: run.config, environment: described };
}

/** Leftovers of a creation that was killed are ours; everything else belongs to somebody. */
async function refuseForeignFolder(directory: string): Promise<void> {
  const names = await namesIn(directory);
  if (names.includes(configFileName)) throw alreadyRun(directory);
  const ours = (name: string) =>
    ["checkpoints", "exports", environmentFileName, lockFileName].includes(name) ||
    name.startsWith(`${lockFileName}.`) ||
    name.endsWith(partialSuffix);
  const foreign = names.find((name) => !ours(name));
  if (foreign === undefined) return;
  throw new FolkmootError("bad-input", {
    message: `${directory} is not empty and not a run directory: it holds ${foreign}.`,
    action: "Name an empty or new folder.",
    details: { path: directory, found: foreign },
  });
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function readEnvironment(directory: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(directory, environmentFileName), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function alreadyRun(directory: string): FolkmootError {
  return new FolkmootError("run-mismatch", {
    message: `${directory} already holds a run.`,
    action: "Resume it, or name another folder.",
    details: { path: directory },
  });
}

function otherSettings(directory: string, setting: string): FolkmootError {
  return new FolkmootError("run-mismatch", {
    message: `${directory} holds a run that differs in ${setting}.`,
    reason: "A run keeps the settings it started with.",
    action: "Use the same settings to resume it, or name another folder.",
    details: { path: directory, setting },
  });
}
