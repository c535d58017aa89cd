/** One job of the workbench: what it is told to do, what state it is in, and what a person may do with it. */
import type { FolkmootError } from "../contract/errors.ts";
import type { JobAction, JobState, JobSummary, LiveEvent } from "../contract/workbench/runs.ts";
import type { Side } from "./device.ts";
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
