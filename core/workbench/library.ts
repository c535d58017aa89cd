/** The library of GGUF files: linked by path, described from their headers, never copied. */
import { readdir, realpath, stat } from "node:fs/promises";
import { freemem } from "node:os";
import { basename, join, resolve } from "node:path";
import { type TrainingShape, trainingShape } from "../alignment/memory/shape.ts";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { ModelDescription } from "../contract/models.ts";
import type { AdapterEntry, ModelEntry } from "../contract/workbench/models.ts";
import { checkAdapterFits } from "../models/adapterChecks.ts";
import { readGgufHeader } from "../models/ggufHeader.ts";
import { inspectModel } from "../models/inspect.ts";
import { modelFiles, modelPath } from "../models/splitModel.ts";
import type { WorkspaceFolder } from "../workspace/workspaceFolder.ts";
import { type Catalog, isComplete } from "./catalog.ts";
import { type Fit, fitOf } from "./fit.ts";
import { checkpointSteps } from "./jobWork.ts";
import { availableBytes } from "./processMemory.ts";

const defaultShape = { sequences: 16, contextSize: null, hash: false };
const scanLevels = 8;

export interface Shape {
  readonly sequences: number;
  readonly contextSize: number | null;
}

export class Library {
  private readonly workspace: WorkspaceFolder;
  private readonly catalog: Catalog;
  private readonly now: () => number;
  /** By path, size and time: headers are read once. */
  private readonly described = new Map<string, Promise<ModelDescription>>();
  private readonly shapes = new Map<string, Promise<TrainingShape>>();

  constructor(workspace: WorkspaceFolder, catalog: Catalog, now: () => number) {
    this.workspace = workspace;
    this.catalog = catalog;
    this.now = now;
  }

  async list(): Promise<{ models: ModelEntry[]; adapters: AdapterEntry[] }> {
    const free = await availableBytes(freemem());
    const listed = await Promise.all(this.workspace.content.models.map((model) => this.entry(model, free)));
    const models = listed.filter(({ description }) => description?.kind !== "adapter");
    const added = listed.filter(({ description }) => description?.kind === "adapter");
    const bases = models.flatMap(({ path, description }) => (description === null ? [] : [path]));
    const adapters = await Promise.all(added.map((entry) => adapterEntry(entry, bases)));
    return { models, adapters: [...(await this.trainedAdapters()), ...adapters] };
  }

  /**
   * Puts the file on the list, a model in several files under its first; one that is there already stays.
   * @throws as `inspectModel`.
   */
  async add(path: string): Promise<void> {
    const description = await this.describe(resolve(path));
    if (this.workspace.content.models.some((known) => known.path === description.path)) return;
    const added = this.now();
    await this.workspace.update(({ models }) => void models.push({ path: description.path, added }));
  }

  /** Files below `folder` that end in .gguf; links are followed, a folder that was seen is not entered again. */
  async scan(folder: string) {
    const known = new Set(this.workspace.content.models.map(({ path }) => path));
    const [added, refused]: [string[], { path: string; reason: string }[]] = [[], []];
    let knownCount = 0;
    const seen = new Set<string>();
    for await (const found of ggufFiles(resolve(folder))) {
      // A model in several files is one model, whichever of them are there.
      const path = modelPath(found);
      if (seen.has(path)) continue;
      seen.add(path);
      if (known.has(path)) {
        knownCount++;
        continue;
      }
      try {
        await this.add(found);
        added.push(path);
      } catch (error) {
        refused.push({ path: found, reason: toFolkmootError(error).message });
      }
    }
    return { added, known: knownCount, refused };
  }

  /** Takes it off the list; what was taken off, for putting it back. */
  async remove(path: string): Promise<{ path: string; added: number }> {
    const entry = this.workspace.content.models.find((known) => known.path === path);
    if (entry === undefined)
      throw new FolkmootError("model-not-found", {
        message: `${path} is not on the list.`,
        action: "Choose one that is.",
      });
    await this.workspace.update((content) => {
      content.models = content.models.filter((known) => known.path !== path);
    });
    return entry;
  }

  async putBack(entry: { path: string; added: number }): Promise<void> {
    await this.workspace.update((content) => {
      content.models = [...content.models.filter(({ path }) => path !== entry.path), entry];
    });
  }

  /** @throws FolkmootError as `inspectModel`. */
  inspect(path: string, shape: Shape & { hash: boolean }, signal?: AbortSignal): Promise<ModelDescription> {
    return inspectModel(path, { ...shape, ...(signal === undefined ? {} : { signal }) });
  }

  async estimate(path: string, shape: Shape) {
    const { memory } = await this.inspect(path, { ...shape, hash: false });
    if (memory === null)
      throw new FolkmootError("bad-input", {
        message: `${path} is an adapter; it needs a model to run on.`,
        action: "Choose the model.",
      });
    const measured = await this.measured(path, memory);
    const fit = fitOf(measured?.bytes ?? memory.total, await availableBytes(freemem()));
    return { memory, fit, measured };
  }

  /** Keeps what a load really took. */
  async keepMeasured(path: string, of: { sequences: number; contextSize: number }, bytes: number): Promise<void> {
    const shape = { sequences: of.sequences, contextSize: of.contextSize };
    const key = await measuredKey(path, shape);
    const at = this.now();
    await this.workspace.update(({ measured }) => {
      measured[key] = { ...shape, bytes, at };
    });
  }

  async measured(path: string, { sequences, contextSize }: { sequences: number; contextSize: number }) {
    return this.workspace.content.measured[await measuredKey(path, { sequences, contextSize })] ?? null;
  }

  /** Of any shape; it says which. */
  private async lastMeasured(path: string) {
    const prefix = `${await fileKey(path)}|`;
    const found = Object.entries(this.workspace.content.measured).filter(([key]) => key.startsWith(prefix));
    return found.map(([, measured]) => measured).sort((a, b) => b.at - a.at)[0] ?? null;
  }

  /** The description for the default shape, from memory while the file stays as it is. */
  describe(path: string): Promise<ModelDescription> {
    return whileUnchanged(this.described, path, () => inspectModel(path, defaultShape));
  }

  /** What the memory of a training depends on, from memory likewise. @throws FolkmootError as `trainingShape`. */
  trainingShape(path: string): Promise<TrainingShape> {
    return whileUnchanged(this.shapes, path, async () => trainingShape(await readGgufHeader(path)));
  }

  private async entry({ path, added }: { path: string; added: number }, free: number): Promise<ModelEntry> {
    try {
      const description = await this.describe(path);
      const { memory } = description;
      const alike = memory === null ? null : await this.measured(path, memory);
      const fit: Fit | null = memory === null ? null : fitOf(alike?.bytes ?? memory.total, free);
      const measured = alike ?? (await this.lastMeasured(path));
      return { path, name: description.name ?? basename(path), description, problem: null, added, fit, measured };
    } catch (error) {
      const problem = toFolkmootError(error).toJSON();
      return { path, name: basename(path), description: null, problem, added, fit: null, measured: null };
    }
  }

  /** The newest adapter of every alignment run, and its best one where that is another. */
  private async trainedAdapters(): Promise<AdapterEntry[]> {
    const runs = this.catalog.all().filter(({ config }) => config.kind === "align");
    const found = await Promise.all(
      runs.map(async (entry): Promise<AdapterEntry[]> => {
        const { config, directory, run } = entry;
        if (config.kind !== "align") return [];
        const [newest, best] = [await newestAdapter(directory, "checkpoints"), await newestAdapter(directory, "best")];
        const { name } = this.catalog.summary(entry);
        const { rank, alpha } = config.lora;
        const known = { rank, alpha, base: config.model, run };
        const last = isComplete(entry) ? name : `${name}, step ${newest?.step}`;
        return [
          ...(newest === null ? [] : [{ ...known, ...newest, name: last }]),
          ...(best === null || best.step === newest?.step
            ? []
            : [{ ...known, ...best, name: `${name}, best (step ${best.step})` }]),
        ];
      }),
    );
    return found.flat();
  }
}

/** Null while there is none. */
async function newestAdapter(run: string, folder: "checkpoints" | "best") {
  const newest = (await checkpointSteps(run, folder)).at(-1);
  if (newest === undefined) return null;
  const path = join(run, folder, `step-${String(newest.step).padStart(8, "0")}`, "adapter.gguf");
  const bytes = (await stat(path).catch(() => null))?.size;
  return bytes === undefined ? null : { path, bytes, step: newest.step };
}

async function adapterEntry({ path, name, description }: ModelEntry, bases: readonly string[]): Promise<AdapterEntry> {
  const header = await readGgufHeader(path);
  let base: string | null = null;
  for (const candidate of bases) {
    try {
      checkAdapterFits(header, await readGgufHeader(candidate));
      base = candidate;
      break;
    } catch {
      // It belongs to another model.
    }
  }
  const shape = description?.adapter;
  return {
    path,
    name,
    bytes: description?.bytes ?? 0,
    rank: shape?.rank ?? null,
    alpha: shape?.alpha ?? null,
    base,
    run: null,
    step: null,
  };
}

/** What was read from the file is kept while the file stays as it is; what failed is not. */
async function whileUnchanged<Read>(known: Map<string, Promise<Read>>, path: string, read: () => Promise<Read>) {
  const key = await fileKey(path);
  const before = known.get(key);
  if (before !== undefined) return before;
  const reading = read();
  known.set(key, reading);
  reading.catch(() => known.delete(key));
  return reading;
}

/** A figure belongs to the file as it is; its size and time stand for that without reading it. */
async function measuredKey(path: string, { sequences, contextSize }: { sequences: number; contextSize: number }) {
  return [await fileKey(path), sequences, contextSize].join("|");
}

/** Stands for what is in a file, or in all files of a model, without reading it. */
export async function fileKey(path: string): Promise<string> {
  const times: string[] = [path];
  for (const file of modelFiles(path)) {
    const found = await stat(file).catch(() => null);
    times.push(`${found?.size ?? 0}|${found?.mtimeMs ?? 0}`);
    // Up to the part that is missing: a name may speak of a hundred thousand.
    if (found === null) break;
  }
  return times.join("|");
}

async function* ggufFiles(folder: string): AsyncGenerator<string> {
  const seen = new Set<string>();
  const folders: { path: string; level: number }[] = [{ path: folder, level: 0 }];
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const { path, level } = next;
    const real = await realpath(path).catch(() => null);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    for (const name of await namesIn(path, level)) {
      const inner = join(path, name);
      const found = await stat(inner).catch(() => null);
      if (found?.isDirectory() === true && level < scanLevels && !name.startsWith("."))
        folders.push({ path: inner, level: level + 1 });
      else if (found?.isFile() === true && name.toLowerCase().endsWith(".gguf")) yield inner;
    }
  }
}

/** The folder that was named must be readable; below it, what cannot be read is passed over. */
async function namesIn(path: string, level: number): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (level > 0) return [];
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new FolkmootError("data-not-found", {
      message: `There is no folder ${path}.`,
      action: "Choose another one.",
      details: { path },
    });
  }
}
