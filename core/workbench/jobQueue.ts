/**
 * Jobs of the workbench: one at a time holds the device, the others wait their turn and say for whom. They belong to
 * the service: no face that goes away stops one.
 */
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { JobAction, JobState, JobSummary, LiveEvent, RunSnapshot } from "../contract/workbench/runs.ts";
import type { Device, Side } from "./device.ts";
import { isLive, type LiveRun } from "./liveRun.ts";

export interface JobContext {
  /** Aborts when a person stops the job or the service ends. */
  readonly signal: AbortSignal;
  readonly push: (event: LiveEvent) => void;
  /** For jobs that can pause: what the work itself noticed. */
  readonly setState: (state: "running" | "pausing" | "paused") => void;
}

export interface JobSpec {
  readonly id: string;
  readonly kind: JobSummary["kind"];
  readonly name: string;
  /** Run that it works on; null for none. */
  readonly run: () => string | null;
  /** What it needs; null = nothing (it starts other jobs). */
  readonly side: Side | null;
  readonly live: LiveRun;
  readonly work: (context: JobContext) => Promise<Record<string, unknown>>;
  /** Brings the live state in line with the disk: events of a process that died, or was stopped, may be missing. */
  readonly resync?: () => Promise<void>;
  /** For jobs that can pause. Rejects when the work is not there yet. */
  readonly control?: (action: "pause" | "resume" | "step") => Promise<void>;
  /** Of those, the ones that can do a single step while paused. */
  readonly canStep?: boolean;
}

function actionsIn(state: JobState, { id, run, control, canStep }: JobSpec): readonly JobAction[] {
  const step: JobAction[] = canStep === true ? ["step"] : [];
  switch (state) {
    case "waiting":
      return ["stop"];
    case "running":
      return control === undefined ? ["stop"] : ["pause", ...step, "stop"];
    case "pausing":
    case "paused":
      return ["resume", ...step, "stop"];
    case "stopped":
    case "failed":
      return run() === id ? ["resume"] : [];
    case "stopping":
    case "finished":
      return [];
  }
}

/** Restarts of a crashed process within one job; each must have got further than the one before. */
const mostRestarts = 3;

export class Job {
  readonly spec: JobSpec;
  readonly started: number;
  ended: number | null = null;
  waitsFor: string | null = null;
  error: FolkmootError | null = null;
  /** Resolves with how it ended; never rejects. */
  readonly done: Promise<void>;
  private current: JobState = "waiting";
  private readonly stop = new AbortController();
  private readonly onChange: (job: Job) => void;
  private finish: () => void = () => {};

  constructor(spec: JobSpec, now: number, onChange: (job: Job) => void) {
    this.spec = spec;
    this.started = now;
    this.onChange = onChange;
    this.done = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get state(): JobState {
    return this.current;
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  get actions(): readonly JobAction[] {
    return actionsIn(this.current, this.spec);
  }

  /** Says the new state to everybody. */
  setState(state: JobState, waitsFor: string | null = null): void {
    this.current = state;
    this.waitsFor = waitsFor;
    const error = this.error?.toJSON() ?? null;
    this.spec.live.push({ type: "state", state, error, waitsFor, actions: [...this.actions] });
    this.onChange(this);
  }

  requestStop(): void {
    if (!isLive(this.current) || this.current === "stopping") return;
    this.setState("stopping");
    this.stop.abort();
  }

  end(state: "stopped" | "failed" | "finished", error: FolkmootError | null, now: number): void {
    this.error = error;
    this.ended = now;
    this.setState(state);
    this.finish();
  }

  summary(): JobSummary {
    const { id, kind, name, run, live } = this.spec;
    return {
      job: id,
      kind,
      name,
      state: this.current,
      error: this.error?.toJSON() ?? null,
      waitsFor: this.waitsFor,
      actions: [...this.actions],
      progress: live.snapshot.progress,
      started: this.started,
      ended: this.ended,
      run: run(),
    };
  }
}

export interface JobQueueOptions {
  readonly device: Device;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onChange: (job: Job) => void;
}

export class JobQueue {
  private readonly options: JobQueueOptions;
  private readonly jobs = new Map<string, Job>();
  /** Those that need the device, in order; the first works. */
  private readonly queue: Job[] = [];
  private working: Promise<void> | null = null;
  private closing = false;

  constructor(options: JobQueueOptions) {
    this.options = options;
  }

  /** Newest last; ended ones stay until one of the same name starts. */
  all(): Job[] {
    return [...this.jobs.values()];
  }

  find(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  /** An ended job that nobody needs any more. */
  forget(id: string): void {
    if (!this.isLive(id)) this.jobs.delete(id);
  }

  isLive(id: string): boolean {
    const job = this.jobs.get(id);
    return job !== undefined && isLive(job.state);
  }

  /** @throws FolkmootError `device-busy` when a job of that name is at work. */
  start(spec: JobSpec): Job {
    if (this.closing || this.isLive(spec.id))
      throw new FolkmootError("device-busy", {
        message: this.closing ? "The workbench is being closed." : `${spec.name} is already at work.`,
        action: "Wait for it, or stop it.",
      });
    const job = new Job(spec, this.options.now(), this.options.onChange);
    this.jobs.delete(spec.id);
    this.jobs.set(spec.id, job);
    if (spec.side === null) {
      job.setState("running");
      void this.perform(job);
    } else {
      const before = this.queue.at(-1);
      this.queue.push(job);
      job.setState("waiting", before?.spec.id ?? null);
      job.signal.addEventListener("abort", () => this.dropWaiting(job));
      this.pump();
    }
    return job;
  }

  /** @throws FolkmootError `run-not-found`, `bad-input` when the job cannot do that now. */
  async control(id: string, action: JobAction): Promise<void> {
    const job = this.jobs.get(id);
    if (job === undefined || !isLive(job.state))
      throw new FolkmootError("run-not-found", {
        message: `${job?.spec.name ?? id} is not at work.`,
        action: "Start or resume it first.",
        details: { job: id },
      });
    if (!job.actions.includes(action))
      throw new FolkmootError("bad-input", {
        message: `${job.spec.name} cannot ${action} while it is ${job.state}.`,
        action: "Wait a moment, then try again.",
        details: { job: id, state: job.state },
      });
    if (action === "stop") return job.requestStop();
    await job.spec.control?.(action);
    if (action === "resume") job.setState("running");
    else if (job.state !== "paused" || action === "step") job.setState("pausing");
  }

  /** Stops everything and waits for it. */
  async close(): Promise<void> {
    this.closing = true;
    const live = this.all().filter((job) => isLive(job.state));
    for (const job of live) job.requestStop();
    await Promise.all(live.map((job) => job.done));
  }

  private dropWaiting(job: Job): void {
    const at = this.queue.indexOf(job);
    if (at <= 0) return;
    this.queue.splice(at, 1);
    job.end("stopped", null, this.options.now());
    const next = this.queue[at];
    next?.setState("waiting", this.queue[at - 1]?.spec.id ?? null);
  }

  private pump(): void {
    const job = this.queue[0];
    if (this.working !== null || job === undefined) return;
    this.working = this.hold(job).finally(() => {
      this.working = null;
      this.queue.shift();
      this.pump();
    });
  }

  private async hold(job: Job): Promise<void> {
    const { device } = this.options;
    const { side, id, live } = job.spec;
    if (side === null) return;
    if (await device.take(side, id)) {
      const message =
        side === "training"
          ? "The models were unloaded: training has the device now."
          : "The trainer was ended: the models have the device now.";
      live.push({ type: "notice", message });
    }
    try {
      if (!job.signal.aborted) job.setState("running");
      await this.perform(job);
    } finally {
      device.release(id);
    }
  }

  private async perform(job: Job): Promise<void> {
    const { spec, signal } = job;
    const context: JobContext = {
      signal,
      push: (event) => {
        spec.live.push(event);
        if (event.type === "progress" || event.type === "round") this.options.onChange(job);
      },
      setState: (state) => {
        if (isLive(job.state) && job.state !== "stopping" && job.state !== state) job.setState(state);
      },
    };
    try {
      signal.throwIfAborted();
      const result = await withRestarts(context, spec);
      spec.live.push({ type: "finished", result });
      job.end("finished", null, this.options.now());
    } catch (thrown) {
      const error = toFolkmootError(thrown);
      await spec.resync?.().catch(() => undefined);
      // A stop that lost something (a full disk under the last checkpoint) is no stop that kept everything.
      if (signal.aborted && error.code === "cancelled") job.end("stopped", null, this.options.now());
      else job.end("failed", error, this.options.now());
    }
  }
}

/**
 * A process that died takes its run no further than to the last thing on disk, so the run goes on from there; but only
 * while each start gets further than the one before: what fails in the same place again would fail for ever.
 */
async function withRestarts({ push, signal, setState }: JobContext, spec: JobSpec): Promise<Record<string, unknown>> {
  const done = () => reached(spec.live.snapshot);
  for (let restart = 0; ; restart++) {
    const before = done();
    try {
      return await spec.work({ push, signal, setState });
    } catch (thrown) {
      const error = toFolkmootError(thrown);
      if (error.code !== "native-crash" || signal.aborted || restart === mostRestarts || done() <= before) throw error;
      push({ type: "warning", message: restartText(error) });
      await spec.resync?.();
      setState("running");
    }
  }
}

/** What died, why, and that nobody has to do anything. */
function restartText({ message, reason }: FolkmootError): string {
  const again =
    "It was started again, and the run goes on from what is on the disk: nothing that was finished is lost, and there is nothing to do. Should it end again without getting further, the run stops and can be resumed.";
  return [message, reason, again].filter((part) => part !== undefined).join(" ");
}

/** How far a run has come; its progress may be that of something on the way (samples, reference log-probabilities). */
function reached({ society, align, progress }: RunSnapshot): number {
  return society?.interactions ?? align?.step ?? progress?.done ?? 0;
}
