/** Files that leave the workbench: adapters, merged models, data; each with its sidecar. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { chosenCheckpoint } from "../alignment/chosenCheckpoint.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { Undoable } from "../contract/workbench/common.ts";
import { type ExportEntry, type ExportRequest, exportEntry } from "../contract/workbench/exports.ts";
import { moveToTrash, restoreFromTrash } from "../workspace/trash.ts";
import type { Job } from "./job.ts";
import { checkpointSteps, followJob } from "./jobWork.ts";
import { emptySnapshot, LiveRun } from "./liveRun.ts";
import type { Services } from "./services.ts";

/** One job at a time for each thing that can be exported from a run. */
export function exportJobId({ run, ...request }: ExportRequest): string {
  const best = request.checkpoint === "best" ? "-best" : "";
  return `${run}:export-${request.kind}${best}${request.kind === "merged" ? `-${request.type}` : ""}`;
}

const sidecar = z.object({
  kind: z.enum(["adapter", "merged", "data"]),
  type: z.string().optional(),
  file: z.object({ bytes: z.number(), sha256: z.string() }),
  proof: exportEntry.shape.proof.optional(),
});

export class Exports {
  private readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  async list(): Promise<ExportEntry[]> {
    const { catalog, workspace } = this.services;
    const trained = catalog.all().filter(({ config }) => config.kind === "align");
    const inRuns = trained.map(async ({ run, directory }) => this.exportsIn(join(directory, "exports"), run));
    const elsewhere = workspace.content.exports.map((path) => this.entry(path, null));
    const found = [...(await Promise.all(inRuns)).flat(), ...(await this.exportsIn(workspace.exports, null))];
    return [...found, ...(await Promise.all(elsewhere)).filter((entry) => entry !== null)].sort(
      (a, b) => b.created - a.created,
    );
  }

  /** @throws FolkmootError `run-not-found`, `bad-setting`, `device-busy`. */
  async start(request: ExportRequest): Promise<{ job: Job; path: string }> {
    const { catalog, jobs, device, workspace, epoch } = this.services;
    const entry = catalog.get(request.run);
    const { directory, config } = entry;
    if (config.kind !== "align")
      throw new FolkmootError("bad-setting", {
        message: `${request.run} trained nothing, so there is nothing to export.`,
        action: "Choose an alignment run.",
        details: { setting: "run" },
      });
    await checkCheckpoint(request, directory);
    const output = resolve(request.path ?? join(directory, "exports", fileNameOf(request)));
    const isOutside = dirname(output) !== join(directory, "exports");
    const { name } = catalog.summary(entry);
    const { checkpoint } = request;
    const input = { run: directory, checkpoint, output, threads: workspace.content.settings.threads };
    const job = jobs.start({
      id: exportJobId(request),
      kind: "export",
      name: jobNameOf(request, name),
      run: () => request.run,
      side: "training",
      live: new LiveRun(epoch, emptySnapshot),
      work: async (context) => {
        const result = await followJob(context, {
          host: device.trainerClient(),
          start: ({ export: write }, options) =>
            request.kind === "adapter"
              ? write.adapter(input, options)
              : write.merged({ ...input, type: request.type }, options),
        });
        if (isOutside)
          await workspace.update((content) => {
            content.exports = [...new Set([...content.exports, output])];
          });
        return result;
      },
    });
    return { job, path: output };
  }

  /** Only those in the workspace; what was written elsewhere is the person's own. */
  async remove(path: string): Promise<Undoable> {
    const { workspace, undos, now } = this.services;
    const known = (await this.list()).find((entry) => entry.path === path);
    if (known === undefined || workspace.content.exports.includes(path))
      throw new FolkmootError("bad-input", {
        message: `${path} is no export inside of the workspace.`,
        action: "Delete it in the file manager.",
        details: { path },
      });
    const message = `Export ${basename(path)} was removed.`;
    const id = await moveToTrash(workspace.trash, [path, `${path}.json`], message, now());
    return undos.add(message, async () => void (await restoreFromTrash(workspace.trash, id)), { id });
  }

  private async exportsIn(folder: string, run: string | null): Promise<ExportEntry[]> {
    const names: string[] = await readdir(folder).catch(() => []);
    const files = names.filter((name) => names.includes(`${name}.json`));
    const entries = await Promise.all(files.map((name) => this.entry(join(folder, name), run)));
    return entries.filter((entry) => entry !== null);
  }

  /** Null when the file is gone, or its sidecar is none of ours. */
  private async entry(path: string, run: string | null): Promise<ExportEntry | null> {
    const found = await stat(path).catch(() => null);
    const provenance = await readObject(`${path}.json`);
    const known = sidecar.safeParse(provenance);
    if (found === null || !known.success || provenance === null) return null;
    const { kind, type, file, proof } = known.data;
    const from = typeof provenance.run === "string" ? provenance.run : null;
    return {
      path,
      kind,
      type: kind === "merged" ? (type ?? null) : null,
      bytes: found.size,
      sha256: file.sha256,
      created: found.mtimeMs,
      run: run ?? this.runWithId(from, provenance),
      proof: proof ?? null,
      provenance,
    };
  }

  /** A file outside names its run by the id in its records; the run that wrote it lies beside its data and base. */
  private runWithId(id: string | null, provenance: Readonly<Record<string, unknown>>): string | null {
    if (id === null) return null;
    const data = (provenance.config as { data?: unknown } | undefined)?.data;
    const match = this.services.catalog.all().find(({ config }) => config.kind === "align" && config.data === data);
    return match?.run ?? null;
  }
}

/** @throws FolkmootError `run-not-found` when the run has no such checkpoint. */
async function checkCheckpoint({ run, checkpoint }: ExportRequest, directory: string): Promise<void> {
  if (checkpoint === "best") {
    await chosenCheckpoint(directory, "best");
    return;
  }
  if ((await checkpointSteps(directory)).length > 0) return;
  throw new FolkmootError("run-not-found", {
    message: `${run} has no checkpoint to export yet.`,
    action: "Wait for its first checkpoint, or resume it.",
    details: { setting: "run" },
  });
}

/** In the run's own folder: one file for each thing that can be exported. */
function fileNameOf(request: ExportRequest): string {
  const best = request.checkpoint === "best" ? "-best" : "";
  return request.kind === "adapter" ? `adapter${best}.gguf` : `merged${best}-${request.type.toLowerCase()}.gguf`;
}

function jobNameOf(request: ExportRequest, run: string): string {
  const from = request.checkpoint === "best" ? `${run} (best)` : run;
  return request.kind === "adapter" ? `Adapter of ${from}` : `${from} merged, ${request.type}`;
}

async function readObject(path: string): Promise<Record<string, unknown> | null> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return null;
  }
}
