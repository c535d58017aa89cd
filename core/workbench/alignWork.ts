/** A training at work: the host's events, its checkpoints as they appear, and a person's hand on it. */
import type { AlignConfig } from "../contract/alignment.ts";
import type { JobEvent } from "../contract/events.ts";
import type { TrainerClient } from "../host/supervisor.ts";
import type { JobContext, JobSpec } from "./job.ts";
import { checkpointSteps, followJob } from "./jobWork.ts";

/** How often new checkpoints are looked for, milliseconds. */
const lookMs = 1000;

export interface AlignWorkOptions {
  /** A process of the training's own, and the one that it then has. */
  readonly newTrainer: () => Promise<TrainerClient>;
  readonly trainer: () => TrainerClient;
  readonly config: AlignConfig;
  readonly directory: string;
  /** Folder that the trainings of the workspace share. */
  readonly cache: string;
  /** What a training of the workspace should take at most, bytes; null = what is free. */
  readonly memoryCeiling: number | null;
  /** Steps whose checkpoints are known already. */
  readonly checkpoints: readonly number[];
}

export function alignWork(options: AlignWorkOptions): Pick<JobSpec, "work" | "control"> {
  const work = new AlignWork(options);
  return { work: (context) => work.run(context), control: (action) => work.control(action) };
}

class AlignWork {
  private readonly options: AlignWorkOptions;
  private known: ReadonlySet<number>;
  private context: JobContext | null = null;
  private wantsPause = false;
  private isThere = false;

  constructor(options: AlignWorkOptions) {
    this.options = options;
    this.known = new Set(options.checkpoints);
  }

  async run(context: JobContext): Promise<Record<string, unknown>> {
    const { newTrainer, config, directory, cache, memoryCeiling } = this.options;
    this.context = context;
    const looking = setInterval(() => void this.look().catch(() => undefined), lookMs);
    try {
      return await followJob(context, {
        host: await newTrainer(),
        start: (host, options) => host.align.run({ config, directory, cache, memoryCeiling }, options),
        onEvent: (event) => this.hear(event),
      });
    } finally {
      clearInterval(looking);
      this.isThere = false;
      await this.look().catch(() => undefined);
    }
  }

  async control(action: "pause" | "resume" | "step"): Promise<void> {
    this.wantsPause = action === "pause";
    // Before the host has the run there is nothing to ask it; `hear` does it then.
    if (!this.isThere) return;
    // What is in flight ends first, with what belongs to it (curve, samples, checkpoint); the host says when it stands.
    if (this.wantsPause) this.context?.setState("pausing");
    await this.options
      .trainer()
      .align.control({ directory: this.options.directory, action: this.wantsPause ? "pause" : "resume" });
  }

  private hear(event: JobEvent): void {
    if (event.type === "started") {
      this.isThere = true;
      if (this.wantsPause) void this.control("pause").catch(() => undefined);
    }
    if (event.type === "paused" && this.wantsPause) this.context?.setState("paused");
  }

  private async look(): Promise<void> {
    const found = await checkpointSteps(this.options.directory);
    for (const checkpoint of found)
      if (!this.known.has(checkpoint.step)) this.context?.push({ type: "checkpoint", ...checkpoint });
    this.known = new Set(found.map(({ step }) => step));
  }
}
