/**
 * Jobs of the workbench: one at a time holds the device, the others wait their turn and say for whom. They belong to
 * the service: no face that goes away stops one.
 */
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { JobAction } from "../contract/workbench/runs.ts";
import type { Device } from "./device.ts";
import { Job, type JobContext, type JobSpec } from "./job.ts";
import { isLive } from "./liveRun.ts";
import { withRestarts } from "./restarts.ts";

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
