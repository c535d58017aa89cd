/** What runs at the moment, as main needs to know it: for the taskbar, notifications, and before quitting. */
import {
  type JobState,
  type JobSummary,
  type ListFrame,
  type Progress,
  shareDone,
} from "../core/contract/workbench/runs.ts";

export interface LiveJob {
  readonly id: string;
  readonly name: string;
  readonly kind: JobSummary["kind"];
  readonly state: JobState;
  readonly progress: Progress | null;
  /** What went wrong, of a failed job. */
  readonly message: string | null;
}

const busyStates: ReadonlySet<JobState> = new Set(["waiting", "running", "pausing", "stopping"]);
const liveStates: ReadonlySet<JobState> = new Set([...busyStates, "paused"]);

/** Follows the frames of `runs.watch`. */
export class LiveJobs {
  private jobs = new Map<string, LiveJob>();

  /** @returns jobs that were live before this frame and no longer are, as they ended */
  apply(frame: ListFrame): LiveJob[] {
    const before = this.jobs;
    const entries = [...before].filter(([id]) => !frame.reset && !frame.removed.includes(id));
    const next = new Map(entries);
    const changed = jobsOf(frame, (id) => before.has(id));
    for (const job of changed) {
      if (liveStates.has(job.state)) next.set(job.id, job);
      else next.delete(job.id);
    }
    this.jobs = next;
    return changed.filter((job) => before.has(job.id) && !next.has(job.id));
  }

  /** Jobs that would lose time if the program ended now. */
  busy(): LiveJob[] {
    return [...this.jobs.values()].filter((job) => busyStates.has(job.state));
  }

  /**
   * For the taskbar: `value` 0-1, the mean over busy jobs that know their end; `indeterminate` when none does;
   * `paused` when nothing but paused jobs is left; `none`.
   */
  taskbar(): { readonly mode: "none" | "normal" | "indeterminate" | "paused"; readonly value: number } {
    const busy = this.busy();
    const shares = (busy.length > 0 ? busy : [...this.jobs.values()]).flatMap(({ progress }) =>
      progress === null ? [] : (shareDone(progress) ?? []),
    );
    const value = shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
    if (this.jobs.size === 0) return { mode: "none", value: 0 };
    if (busy.length === 0) return { mode: "paused", value };
    return { mode: shares.length === 0 ? "indeterminate" : "normal", value };
  }
}

/** Runs and other jobs as one list; a station of a running demo is part of the demo. */
function jobsOf(frame: ListFrame, isLive: (id: string) => boolean): LiveJob[] {
  const demos = new Set(
    frame.jobs.filter((job) => job.kind === "demo" && liveStates.has(job.state)).map((job) => job.job),
  );
  const runs = frame.runs
    .filter(({ experiment }) => experiment === null || !(demos.has(experiment) || isLive(experiment)))
    .map(({ run, name, kind, state, progress, error }) => ({ id: run, name, kind, state, progress, error }));
  const jobs = frame.jobs.map(({ job, name, kind, state, progress, error }) => ({
    id: job,
    name,
    kind,
    state,
    progress,
    error,
  }));
  return [...runs, ...jobs].map(({ error, ...job }) => ({ ...job, message: error?.message ?? null }));
}

/** What the end of a job says; null for one that a person stopped. */
export function endOf(job: LiveJob): { title: string; body: string } | null {
  if (job.state === "finished")
    return { title: `${job.name} has finished`, body: "Open Folkmoot to see what came out." };
  if (job.state === "failed")
    return { title: `${job.name} has failed`, body: job.message ?? "Open Folkmoot to see why." };
  return null;
}
