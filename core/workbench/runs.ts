/** Runs: started, resumed, watched, renamed, removed. */
import { access } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import type { EvaluationConfig } from "../contract/evaluation.ts";
import type { SocietyConfig } from "../contract/society.ts";
import { runKey, type StreamPosition, type Undoable } from "../contract/workbench/common.ts";
import type { JobFrame, RunDetails, RunSnapshot } from "../contract/workbench/runs.ts";
import { viewRun } from "../workspace/runDirectory.ts";
import { listTrash, moveToTrash, restoreFromTrash } from "../workspace/trash.ts";
import { alignWork } from "./alignWork.ts";
import type { Catalog, CatalogEntry } from "./catalog.ts";
import type { Job, JobContext, JobSpec } from "./job.ts";
import { followJob } from "./jobWork.ts";
import { emptySnapshot, isLive, LiveRun } from "./liveRun.ts";
import { LoadMeter } from "./loadMeter.ts";
import { type AnyRunConfig, anyRunConfig } from "./runFolders.ts";
import type { Services } from "./services.ts";
import { snapshotOnDisk } from "./snapshots.ts";
import { societyWork } from "./societyWork.ts";

/** Streams of ended runs that are kept for faces that come back. */
const keptStreams = 32;

export class Runs {
  private readonly services: Services;
  private readonly streams = new Map<string, Promise<LiveRun>>();

  constructor(services: Services) {
    this.services = services;
  }

  get catalog(): Catalog {
    return this.services.catalog;
  }

  /** A new run of a checked configuration; its folder is named after `name` or its kind. */
  async start(config: AnyRunConfig, name: string | undefined, folder?: string): Promise<{ job: Job; run: string }> {
    const run = folder ?? (await this.freeName(name ?? config.kind));
    if (name !== undefined)
      await this.services.workspace.update(({ runs }) => {
        runs[run] = { ...runs[run], name };
      });
    const entry = this.catalog.has(run) ? this.catalog.get(run) : this.catalog.add(run, config);
    this.streams.delete(run);
    return { job: await this.launch(entry), run };
  }

  /** @throws FolkmootError `run-not-found`, `device-busy` while it is at work. */
  async resume(run: string): Promise<Job> {
    return this.launch(this.catalog.get(run));
  }

  async *watch(id: string, since: StreamPosition | null, signal?: AbortSignal): AsyncGenerator<JobFrame, void, void> {
    const job = this.services.jobs.find(id);
    const live = job === undefined ? await this.streamOf(this.catalog.get(id)) : job.spec.live;
    yield* live.watch(since, signal);
  }

  /** @throws FolkmootError `run-not-found` before its folder is there; `data-corrupt`. */
  async details(run: string): Promise<RunDetails> {
    const { catalog } = this.services;
    const entry = catalog.get(run);
    const { id, environment, config } = await viewRun(entry.directory, anyRunConfig);
    return {
      summary: catalog.summary(entry),
      config,
      id,
      versions: environment.versions,
      files: environment.files,
    };
  }

  async rename(run: string, name: string): Promise<void> {
    this.catalog.get(run);
    await this.services.workspace.update(({ runs }) => {
      runs[run] = { ...runs[run], name };
    });
    this.catalog.changed(run);
  }

  /** Into the trash, with an undo that outlives the service. @throws FolkmootError `device-busy` while it is at work. */
  async remove(run: string): Promise<Undoable> {
    const { workspace, jobs, undos, now, index } = this.services;
    const entry = this.catalog.get(run);
    const { name } = this.catalog.summary(entry);
    if (jobs.isLive(run))
      throw new FolkmootError("device-busy", { message: `${name} is at work.`, action: "Stop it first." });
    const message = `Run ${name} was removed.`;
    const id = await moveToTrash(workspace.trash, [entry.directory], message, now());
    this.catalog.remove(run);
    jobs.forget(run);
    this.streams.delete(run);
    await index.forget(run);
    return undos.add(message, () => this.restore(id, run), { id });
  }

  /** What lay in the trash when the service started can be taken back as well. */
  async offerTrash(): Promise<void> {
    const { workspace, undos } = this.services;
    for (const { id, message, at, expires, from } of await listTrash(workspace.trash)) {
      const name = relative(workspace.runs, from[0] ?? "").replaceAll(sep, "/");
      const run = runKey.safeParse(name).success ? name : null;
      undos.add(message, () => this.restore(id, run), { id, at, expires });
    }
  }

  close(): void {
    for (const stream of this.streams.values()) void stream.then((live) => live.close()).catch(() => undefined);
  }

  /** A name for a folder that is neither there nor in the trash: `village`, then `village-2`. */
  async freeName(name: string): Promise<string> {
    const { workspace } = this.services;
    const base =
      name
        .normalize("NFKD")
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, 60) || "run";
    const trashed = new Set((await listTrash(workspace.trash)).flatMap(({ from }) => from));
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? base : `${base}-${number}`;
      const directory = join(workspace.runs, candidate);
      const isTaken = this.catalog.has(candidate) || trashed.has(directory) || (await exists(directory));
      if (!isTaken) return candidate;
    }
  }

  private async restore(id: string, run: string | null): Promise<void> {
    const { workspace, index } = this.services;
    await restoreFromTrash(workspace.trash, id);
    if (run === null) return;
    await this.catalog.reread(run);
    const entry = this.catalog.has(run) ? this.catalog.get(run) : undefined;
    if (entry?.config.kind !== "society") return;
    await index.catchUp({ key: run, directory: entry.directory, created: entry.created });
  }

  private async launch(entry: CatalogEntry): Promise<Job> {
    const { jobs, workspace, catalog, index } = this.services;
    const { run, config } = entry;
    if (jobs.isLive(run))
      throw new FolkmootError("device-busy", {
        message: `${run} is already at work.`,
        action: "Wait for it, or stop it.",
      });
    const live = await this.streamOf(entry);
    live.push({ type: "snapshot", snapshot: { ...live.snapshot, result: null, error: null } });
    const job = jobs.start({
      id: run,
      kind: config.kind,
      name: catalog.summary(entry).name,
      run: () => run,
      side: config.kind === "align" ? "training" : "inference",
      live,
      resync: () => this.resync(entry, live),
      ...this.workOf(entry, live),
    });
    void job.done.then(async () => {
      const error = job.error?.toJSON() ?? null;
      await workspace
        .update(({ runs }) => {
          runs[run] = { ...runs[run], error };
        })
        .catch(() => undefined);
      await catalog.reread(run);
      if (config.kind === "society")
        await index.catchUp({ key: run, directory: entry.directory, created: entry.created }).catch(() => undefined);
    });
    return job;
  }

  private async resync(entry: CatalogEntry, live: LiveRun): Promise<void> {
    const { index, reader } = this.services;
    const onDisk = await snapshotOnDisk(entry, { index, reader: reader.client });
    const { society, align } = onDisk;
    live.push({ type: "snapshot", snapshot: { ...live.snapshot, society, align } });
  }

  private workOf(entry: CatalogEntry, live: LiveRun): Pick<JobSpec, "work" | "control" | "canStep"> {
    const { config } = entry;
    switch (config.kind) {
      case "society":
        return this.societyWorkOf(entry, config);
      case "align":
        return alignWork({
          newTrainer: () => this.services.device.freshTrainer(config.gpu),
          trainer: () => this.services.device.trainerClient(config.gpu),
          config,
          directory: entry.directory,
          cache: this.services.workspace.cache,
          memoryCeiling: this.services.workspace.content.settings.memoryCeiling,
          checkpoints: live.snapshot.align?.checkpoints.map(({ step }) => step) ?? [],
        });
      case "evaluation":
        return { work: (context) => this.evaluationWork(entry, config, context) };
    }
  }

  private societyWorkOf(entry: CatalogEntry, config: SocietyConfig): Pick<JobSpec, "work" | "control" | "canStep"> {
    const { device, index } = this.services;
    const { run, directory, created } = entry;
    const meter = new LoadMeter(this.services);
    const { work, control } = societyWork({
      engine: () => device.engineClient(),
      config,
      directory,
      onInteraction: () => {
        void index.catchUp({ key: run, directory, created }).catch(() => undefined);
        void meter.measure();
      },
    });
    return {
      work: async (context) => {
        await meter.begin(config);
        return work(context);
      },
      ...(control === undefined ? {} : { control }),
      canStep: true,
    };
  }

  private async evaluationWork(entry: CatalogEntry, config: EvaluationConfig, context: JobContext) {
    const { device } = this.services;
    const input = { config, directory: entry.directory };
    const host = device.engineClient();
    return followJob(context, { host, start: (engine, options) => engine.evaluate.run(input, options) });
  }

  /** The stream of a run, live or not; made from what is on the disk when nobody has it. */
  private streamOf(entry: CatalogEntry): Promise<LiveRun> {
    const known = this.streams.get(entry.run);
    if (known !== undefined) return known;
    const making = this.makeStream(entry);
    this.streams.set(entry.run, making);
    making.catch(() => this.streams.delete(entry.run));
    void this.forgetOldStreams();
    return making;
  }

  private async makeStream(entry: CatalogEntry): Promise<LiveRun> {
    const { epoch, catalog, index, reader } = this.services;
    const isNew = entry.done === 0 && entry.config.kind !== "society";
    const onDisk: RunSnapshot = isNew ? emptyOf(entry) : await snapshotOnDisk(entry, { index, reader: reader.client });
    const { state, error, waitsFor, actions, progress } = catalog.summary(entry);
    return new LiveRun(epoch, { ...onDisk, state, error, waitsFor, actions, progress });
  }

  private async forgetOldStreams(): Promise<void> {
    const { jobs } = this.services;
    for (const [run, stream] of [...this.streams].slice(0, -keptStreams)) {
      const live = await stream.catch(() => null);
      const job = jobs.find(run);
      if (live !== null && (live.watchers > 0 || (job !== undefined && isLive(job.state)))) continue;
      this.streams.delete(run);
    }
  }
}

function emptyOf({ config }: CatalogEntry): RunSnapshot {
  const align = config.kind === "align" ? { step: 0, evaluations: [], checkpoints: [] } : null;
  return { ...emptySnapshot, align };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
