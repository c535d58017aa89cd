/** The lists of runs and jobs, kept up to date by their stream. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { JobState, JobSummary, ListFrame, RunSummary } from "../../core/contract/workbench/runs.ts";
import { text } from "../text/en.ts";

export interface Lists {
  /** False until the first frame. */
  readonly loaded: boolean;
  /** By `run`. */
  readonly runs: ReadonlyMap<string, RunSummary>;
  /** Jobs that are no run, by `job`. */
  readonly jobs: ReadonlyMap<string, JobSummary>;
}

export type ListsStore = StoreApi<Lists>;

export function createLists(): ListsStore {
  return createStore<Lists>(() => ({ loaded: false, runs: new Map(), jobs: new Map() }));
}

/** The lists after one frame. */
export function applyListFrame(lists: Lists, frame: ListFrame): Lists {
  const runs = new Map(frame.reset ? [] : lists.runs);
  const jobs = new Map(frame.reset ? [] : lists.jobs);
  for (const run of frame.runs) runs.set(run.run, run);
  for (const run of frame.removed) runs.delete(run);
  for (const job of frame.jobs) jobs.set(job.job, job);
  return { loaded: true, runs, jobs };
}

const live: readonly JobState[] = ["waiting", "running", "pausing", "paused", "stopping"];

/** True while a job still has something before it. */
export function isLive(state: JobState): boolean {
  return live.includes(state);
}

/** What the status bar and Home show of a run or a job alike. */
export interface Activity {
  readonly job: string;
  readonly kind: JobSummary["kind"];
  readonly name: string;
  readonly state: JobState;
  readonly progress: JobSummary["progress"];
  readonly actions: JobSummary["actions"];
  readonly error: JobSummary["error"];
  readonly waitsFor: string | null;
  /** Run to open; null when there is none. */
  readonly run: string | null;
  /** Experiment that the run belongs to. */
  readonly experiment: string | null;
}

/** Live runs and jobs. A demo's own runs stay out while the demo itself is shown. */
export function activities({ runs, jobs }: Lists): Activity[] {
  const shown = [...jobs.values()].filter((job) => isLive(job.state));
  const demos = new Set(shown.filter((job) => job.kind === "demo").map((job) => job.job));
  const live = [...runs.values()]
    .filter((run) => isLive(run.state) && !(run.experiment !== null && demos.has(run.experiment)))
    .sort((a, b) => a.created - b.created);
  return [
    ...shown.map((job) => ({ ...job, experiment: null })),
    ...live.map((run) => ({ ...run, job: run.run, experiment: run.experiment })),
  ];
}

/** What a job is, in words; null for none. One that is on no list any more goes by its id. */
export function nameOfJob({ runs, jobs }: Lists, id: string | null): string | null {
  if (id === null) return null;
  const run = runs.get(id);
  if (run !== undefined && run.experiment !== null && run.name === run.run)
    return text.progress.station(text.kinds[run.kind], run.experiment);
  const known = jobs.get(id) ?? run;
  return known === undefined ? id : text.progress.job(text.kinds[known.kind], known.name);
}

/** What the line of a job's progress names of other jobs. */
export function waitsOf(lists: Lists, job: Pick<Activity, "progress" | "waitsFor">) {
  return {
    waitsFor: nameOfJob(lists, job.waitsFor),
    phaseWaitsFor: nameOfJob(lists, job.progress?.phase?.waitsFor ?? null),
  };
}

/** Runs of a kind, newest first. */
export function runsOfKind(runs: ReadonlyMap<string, RunSummary>, kind: RunSummary["kind"]): RunSummary[] {
  return [...runs.values()].filter((run) => run.kind === kind).sort((a, b) => b.created - a.created);
}
