/** Data sets in the workspace's data folder: a file of rows, and beside it what it is. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { z } from "zod";
import type { AlignmentRow, DataSettings } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { Undoable } from "../contract/workbench/common.ts";
import { type DataSetEntry, dataSet } from "../contract/workbench/data.ts";
import { writeJsonAtomic } from "../workspace/atomicFile.ts";
import { moveToTrash, restoreFromTrash } from "../workspace/trash.ts";
import type { AnnotatedRun } from "./reader/buildFromRuns.ts";
import type { RowQuery } from "./reader/dataSets.ts";
import type { Services } from "./services.ts";

const sidecarEnding = ".about.json";
/** Rows whose lengths are counted at most. */
const countedRows = 2000;
const lengthBars = 24;

const sidecar = dataSet.omit({ id: true, path: true, bytes: true });

export class DataFiles {
  private readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  async list(): Promise<DataSetEntry[]> {
    const names = (await readdir(this.services.workspace.data)).filter((name) => name.endsWith(".jsonl"));
    const entries = await Promise.all(names.map((name) => this.entry(name).catch(() => null)));
    return entries.filter((entry) => entry !== null).sort((a, b) => b.created - a.created);
  }

  async preview(runs: readonly string[], settings: DataSettings, page: RowQuery, model: string | null) {
    const { reader } = this.services;
    const { counts, total, rows } = await reader.client.preview({ runs: this.annotated(runs), settings, page });
    return { counts, total, rows: await this.withTokens(rows, model) };
  }

  /** @throws FolkmootError `bad-input` when no row is left. */
  async build(runs: readonly string[], settings: DataSettings, name: string | undefined, file?: string) {
    const { reader, workspace, now } = this.services;
    const id = file ?? (await this.freeName(name ?? runs.join("-").replaceAll("/", "-")));
    const path = join(workspace.data, id);
    const { counts, rows, kinds } = await reader.client.build({ runs: this.annotated(runs), settings, path });
    const { duplicates, outsideScale } = await reader.client.describe({ path });
    const origin = { kind: "built" as const, runs: [...runs], settings, counts };
    const facts = {
      name: name ?? basename(id, ".jsonl"),
      created: now(),
      rows,
      kinds,
      duplicates,
      outsideScale,
      origin,
    };
    await writeJsonAtomic(`${path}${sidecarEnding}`, facts);
    return this.entry(id);
  }

  /** @throws FolkmootError `data-not-found`, `data-corrupt` naming row and field. */
  async import(from: string, name: string | undefined): Promise<DataSetEntry> {
    const { reader, workspace, now } = this.services;
    const described = await reader.client.describe({ path: from });
    const title = name ?? basename(from, extname(from));
    const id = await this.freeName(title);
    const path = join(workspace.data, id);
    await reader.client.copyRows({ from, to: path, format: "folkmoot" });
    const origin = { kind: "imported" as const, path: from };
    await writeJsonAtomic(`${path}${sidecarEnding}`, { name: title, created: now(), ...described, origin });
    return this.entry(id);
  }

  async rows(id: string, page: RowQuery, model: string | null) {
    const { total, rows } = await this.services.reader.client.rows({ path: await this.pathOf(id), page });
    return { total, rows: await this.withTokens(rows, model) };
  }

  /** Tokens of query and longest response together, BOS and EOS included. */
  async lengths(id: string, model: string, maxLength: number) {
    const { reader, device } = this.services;
    const rows = await reader.client.texts({ path: await this.pathOf(id), most: countedRows });
    const { counts, bos } = await device.engineClient().models.countTokens({ model, rows });
    const lengths = counts.map(([query = 0, ...responses]) => query + (bos ? 1 : 0) + Math.max(...responses) + 1);
    return {
      counted: lengths.length,
      longest: Math.max(0, ...lengths),
      overLong: lengths.filter((length) => length > maxLength).length / Math.max(1, lengths.length),
      bars: histogram(lengths, lengthBars),
    };
  }

  async export(id: string, path: string, format: "folkmoot" | "published") {
    const { reader, workspace } = this.services;
    const output = resolve(path);
    if (dirname(output) === workspace.data)
      throw new FolkmootError("bad-input", {
        message: `${output} lies among the workspace's own data.`,
        action: "Name a file in another folder.",
      });
    const entry = await this.entry(id);
    const { bytes, sha256 } = await reader.client.copyRows({ from: entry.path, to: output, format });
    const { bytes: _, path: source, ...provenance } = entry;
    const about = { version: 1, file: { bytes, sha256 }, kind: "data", format, source, ...provenance };
    await writeJsonAtomic(`${output}.json`, about);
    if (dirname(output) !== workspace.exports)
      await workspace.update((content) => {
        content.exports = [...new Set([...content.exports, output])];
      });
    return { path: output, bytes, sha256 };
  }

  async remove(id: string): Promise<Undoable> {
    const { workspace, undos, now } = this.services;
    const { name, path } = await this.entry(id);
    const message = `Data ${name} were removed.`;
    const trashed = await moveToTrash(workspace.trash, [path, `${path}${sidecarEnding}`], message, now());
    return undos.add(message, async () => void (await restoreFromTrash(workspace.trash, trashed)), { id: trashed });
  }

  /** What a file is; one that somebody put there is read and described. */
  private async entry(id: string): Promise<DataSetEntry> {
    const path = await this.pathOf(id);
    const { size, mtimeMs } = await stat(path);
    const known = sidecar.safeParse(await readJson(`${path}${sidecarEnding}`));
    if (known.success) return { id, path, bytes: size, ...known.data };
    const described = await this.services.reader.client.describe({ path });
    const origin = { kind: "imported" as const, path };
    const facts = { name: basename(id, ".jsonl"), created: mtimeMs, ...described, origin };
    await writeJsonAtomic(`${path}${sidecarEnding}`, facts);
    return { id, path, bytes: size, ...facts };
  }

  private async pathOf(id: string): Promise<string> {
    const path = join(this.services.workspace.data, id);
    if (basename(id) === id && (await stat(path).catch(() => null)) !== null) return path;
    throw new FolkmootError("data-not-found", {
      message: `There are no data ${id}.`,
      action: "Choose one from the list.",
      details: { id },
    });
  }

  private async freeName(name: string): Promise<string> {
    const taken = new Set(await readdir(this.services.workspace.data));
    const base =
      name
        .replace(/[^\w. -]+/g, "-")
        .replace(/^[^\w]+/, "")
        .slice(0, 60) || "data";
    for (let number = 1; ; number++) {
      const candidate = `${base}${number === 1 ? "" : `-${number}`}.jsonl`;
      if (!taken.has(candidate)) return candidate;
    }
  }

  private annotated(runs: readonly string[]): AnnotatedRun[] {
    const { catalog, annotations } = this.services;
    return runs.map((run) => {
      const { directory, config } = catalog.get(run);
      if (config.kind === "society") return { run, directory, states: [...annotations.ofRun(run)] };
      throw new FolkmootError("bad-setting", {
        message: `${run} is no society, so there are no interactions in it.`,
        action: "Choose a society.",
        details: { setting: "runs", run },
      });
    });
  }

  private async withTokens(rows: readonly { index: number; row: AlignmentRow }[], model: string | null) {
    if (model === null || rows.length === 0) return rows.map((row) => ({ ...row, tokens: null }));
    const texts = rows.map(({ row }) => [row.query, ...row.responses]);
    const { counts, bos } = await this.services.device.engineClient().models.countTokens({ model, rows: texts });
    return rows.map((row, i) => {
      const [query = 0, ...responses] = counts[i] ?? [];
      return { ...row, tokens: { query: query + (bos ? 1 : 0), responses } };
    });
  }
}

/** Equal bars from the least to the greatest; the last includes its end. Pure. */
export function histogram(values: readonly number[], bars: number): { from: number; to: number; count: number }[] {
  if (values.length === 0) return [];
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  const width = Math.max(1, Math.ceil((greatest - least + 1) / bars));
  const counts = Array.from({ length: Math.floor((greatest - least) / width) + 1 }, () => 0);
  for (const value of values)
    counts[Math.floor((value - least) / width)] = (counts[Math.floor((value - least) / width)] ?? 0) + 1;
  return counts.map((count, i) => ({ from: least + i * width, to: least + (i + 1) * width, count }));
}

async function readJson(path: string): Promise<unknown> {
  try {
    return z.unknown().parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
