/** The list of runs and of jobs without a run, and the stream of changes to it. */
import { join } from "node:path";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import type { StreamPosition } from "../contract/workbench/common.ts";
import type { JobSummary, ListFrame, RunSnapshot, RunSummary } from "../contract/workbench/runs.ts";
import type { IndexedRun } from "../workspace/interactions/interactionIndex.ts";
import type { WorkspaceFolder } from "../workspace/workspaceFolder.ts";
import { FrameStream, keepLast } from "./frameStream.ts";
import type { JobQueue } from "./jobQueue.ts";
import { type AnyRunConfig, findRuns, lastLine, type RunOnDisk, readRun } from "./runFolders.ts";
import { figuresOf, headlineOf, modelOf, stepsPlanned, totalOf, unitOf } from "./runSummary.ts";

/** Twice a second is enough for a list. */
const listFrameMs = 500;

type ListEvent = { type: "run"; run: RunSummary } | { type: "removed"; run: string } | { type: "job"; job: JobSummary };

export interface CatalogEntry {
  readonly run: string;
  readonly directory: string;
  readonly config: AnyRunConfig;
  readonly created: number;
  updated: number;
  result: Record<string, unknown> | null;
  /** Finished units on disk: interactions, steps, questions. */
  done: number;
  /** So many the whole run has; null until it is known. */
  total: number | null;
  /** Of the last step of an alignment. */
  loss?: number;
}

export class Catalog {
  private readonly entries = new Map<string, CatalogEntry>();
  private readonly stream: FrameStream<ListEvent>;
  private readonly workspace: WorkspaceFolder;
  private readonly jobs: () => JobQueue;
  private readonly now: () => number;

  constructor(epoch: string, workspace: WorkspaceFolder, jobs: () => JobQueue, now: () => number) {
    this.workspace = workspace;
    this.jobs = jobs;
    this.now = now;
    this.stream = new FrameStream<ListEvent>({
      epoch,
      frameMs: listFrameMs,
      snapshot: () => [
        ...this.summaries().map((run): ListEvent => ({ type: "run", run })),
        ...this.otherJobs().map((job): ListEvent => ({ type: "job", job })),
      ],
      coalesce: (events) =>
        keepLast(events, (event) => (event.type === "job" ? `job ${event.job.job}` : `run ${keyOf(event)}`)),
    });
  }

  /** Reads the folders. */
  async load(): Promise<void> {
    for (const found of await findRuns(this.workspace.runs)) this.entries.set(found.run, await entryOf(found));
  }

  /** @throws FolkmootError `run-not-found`. */
  get(run: string): CatalogEntry {
    const entry = this.entries.get(run);
    if (entry !== undefined) return entry;
    throw new FolkmootError("run-not-found", {
      message: `There is no run ${run}.`,
      reason: "It was removed, or never started.",
      action: "Choose a run from the list.",
      details: { run },
    });
  }

  has(run: string): boolean {
    return this.entries.has(run);
  }

  all(): CatalogEntry[] {
    return [...this.entries.values()];
  }

  /** Societies, as the index wants them. */
  indexed(): IndexedRun[] {
    return this.all()
      .filter(({ config }) => config.kind === "society")
      .map(({ run, directory, created }) => ({ key: run, directory, created }));
  }

  /** A run that is about to start, before its folder is there. */
  add(run: string, config: AnyRunConfig): CatalogEntry {
    const at = this.now();
    const entry: CatalogEntry = {
      run,
      directory: join(this.workspace.runs, run),
      config,
      created: at,
      updated: at,
      result: null,
      done: 0,
      total: totalOf(config),
    };
    this.entries.set(run, entry);
    this.changed(run);
    return entry;
  }

  /** Reads a run's folder again; one that is no longer there leaves the list. */
  async reread(run: string): Promise<void> {
    const found = await readRun(this.workspace.runs, run);
    if (found === null) this.remove(run);
    else {
      this.entries.set(run, await entryOf(found));
      this.changed(run);
    }
  }

  remove(run: string): void {
    if (this.entries.delete(run)) this.stream.push({ type: "removed", run });
  }

  changed(run: string): void {
    const entry = this.entries.get(run);
    if (entry !== undefined) this.stream.push({ type: "run", run: this.summary(entry) });
  }

  jobChanged(job: JobSummary): void {
    this.stream.push({ type: "job", job });
  }

  summaries(): RunSummary[] {
    return this.all()
      .map((entry) => this.summary(entry))
      .sort((a, b) => b.created - a.created || (a.run < b.run ? -1 : 1));
  }

  summary(entry: CatalogEntry): RunSummary {
    const { run, directory, config, created } = entry;
    const job = this.jobs().find(run);
    const said = this.workspace.content.runs[run];
    const error = job === undefined ? (said?.error ?? null) : (job.error?.toJSON() ?? null);
    const ended = isComplete(entry) ? "finished" : error === null ? "stopped" : "failed";
    const live = job?.spec.live.snapshot;
    return {
      run,
      kind: config.kind,
      name: said?.name ?? run,
      directory,
      state: job?.state ?? ended,
      error,
      waitsFor: job?.waitsFor ?? null,
      actions: job !== undefined ? [...job.actions] : ended === "finished" ? [] : ["resume"],
      created,
      updated: entry.updated,
      progress: live?.progress ?? progressOnDisk(entry),
      model: modelOf(config),
      headline: headlineOf(config),
      figures: liveFigures(entry, live) ?? (entry.result === null ? {} : figuresOf(config.kind, entry.result)),
      experiment: run.includes("/") ? run.slice(0, run.indexOf("/")) : null,
    };
  }

  async *watch(since: StreamPosition | null, signal?: AbortSignal): AsyncGenerator<ListFrame, void, void> {
    for await (const { position, reset, events } of this.stream.watch(since, signal))
      yield {
        position,
        reset,
        runs: events.flatMap((event) => (event.type === "run" ? [event.run] : [])),
        removed: events.flatMap((event) => (event.type === "removed" ? [event.run] : [])),
        jobs: events.flatMap((event) => (event.type === "job" ? [event.job] : [])),
      };
  }

  close(): void {
    this.stream.close();
  }

  /** Exports and demos: jobs that are no run. */
  private otherJobs(): JobSummary[] {
    return this.jobs()
      .all()
      .filter(({ spec }) => !this.entries.has(spec.id))
      .map((job) => job.summary());
  }
}

function keyOf(event: Exclude<ListEvent, { type: "job" }>): string {
  return event.type === "run" ? event.run.run : event.run;
}

/** The folder says so, or everything is there (a run of the terminal that was ended in its last moment). */
export function isComplete({ config, result, done, total }: CatalogEntry): boolean {
  if (result !== null) return true;
  return config.kind === "society" && done >= (total ?? Number.POSITIVE_INFINITY);
}

async function entryOf(found: RunOnDisk): Promise<CatalogEntry> {
  return { ...found, ...(await endOnDisk(found)) };
}

/** From the last line of the journal: records come in order, so their number follows from it. */
async function endOnDisk({ directory, config }: RunOnDisk): Promise<Pick<CatalogEntry, "done" | "total" | "loss">> {
  const total = totalOf(config);
  switch (config.kind) {
    case "society": {
      const last = (await lastLine(join(directory, "interactions.jsonl"))) as
        | { round?: number; agent?: { id?: number } }
        | undefined;
      if (last?.round === undefined) return { done: 0, total };
      return { done: (last.round - 1) * config.grid.rows * config.grid.columns + (last.agent?.id ?? 0) + 1, total };
    }
    case "align": {
      const last = lastStep.safeParse(await lastLine(join(directory, "metrics.jsonl"))).data;
      if (last === undefined) return { done: 0, total };
      const { step, epoch, loss } = last;
      return {
        done: step,
        total: epoch === undefined ? total : stepsPlanned(config, { step, epoch }),
        ...(loss === undefined ? {} : { loss }),
      };
    }
    case "evaluation": {
      const last = (await lastLine(join(directory, "results.jsonl"))) as { index?: number } | undefined;
      return { done: (last?.index ?? -1) + 1, total };
    }
  }
}

/** What the list wants of a line of metrics.jsonl. */
const lastStep = z.object({
  step: z.number().int().positive(),
  epoch: z.number().positive().optional(),
  loss: z.number().optional(),
});

function progressOnDisk(entry: CatalogEntry): RunSummary["progress"] {
  const { config, done, loss } = entry;
  return {
    stage: config.kind,
    done,
    total: isComplete(entry) ? done : entry.total,
    unit: unitOf[config.kind],
    rate: null,
    secondsLeft: null,
    ...(loss === undefined ? {} : { loss }),
  };
}

function liveFigures({ config }: CatalogEntry, live: RunSnapshot | undefined): RunSummary["figures"] | null {
  if (live?.result != null) return figuresOf(config.kind, live.result);
  const round = live?.society?.rounds.at(-1);
  return round === undefined ? null : { alignment: round.alignment, engagement: round.engagement };
}
