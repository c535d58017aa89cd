/** A society at work: the host's events, the moves of its agents, and a person's hand on it. */
import type { SocietyConfig } from "../contract/society.ts";
import type { EngineClient } from "../host/supervisor.ts";
import { AgentMoves } from "./agentMoves.ts";
import type { JobContext, JobSpec } from "./job.ts";
import { followJob } from "./jobWork.ts";

/** Calls follow each other with gaps; a pause has taken effect when none began for so long, milliseconds. */
const quietMs = 150;

export interface SocietyWorkOptions {
  readonly engine: () => EngineClient;
  readonly config: SocietyConfig;
  readonly directory: string;
  /** Called after an interaction was written. */
  readonly onInteraction: () => void;
}

export function societyWork(options: SocietyWorkOptions): Pick<JobSpec, "work" | "control"> {
  const work = new SocietyWork(options);
  return { work: (context) => work.run(context), control: (action) => work.control(action) };
}

class SocietyWork {
  private readonly options: SocietyWorkOptions;
  private moves = new AgentMoves();
  private context: JobContext | null = null;
  /** Asked for and to be asked for again should the process be started anew. */
  private wantsPause = false;
  private isThere = false;
  private quiet: NodeJS.Timeout | null = null;

  constructor(options: SocietyWorkOptions) {
    this.options = options;
  }

  async run(context: JobContext): Promise<Record<string, unknown>> {
    const { engine, config, directory } = this.options;
    this.context = context;
    const ended = new AbortController();
    try {
      return await followJob(context, {
        host: engine(),
        start: (host, options) => host.society.run({ config, directory }, options),
        onEvent: (event) => {
          if (event.type === "started") void this.begin(AbortSignal.any([ended.signal, context.signal]));
          if (event.type === "interaction") this.options.onInteraction();
        },
      });
    } finally {
      ended.abort();
      this.isThere = false;
      if (this.quiet !== null) clearTimeout(this.quiet);
      for (const activity of this.moves.clear()) context.push({ type: "move", ...activity });
    }
  }

  async control(action: "pause" | "resume" | "step"): Promise<void> {
    this.wantsPause = action !== "resume";
    // Before the host has the run there is nothing to ask it; `begin` does it then.
    if (!this.isThere) return;
    await this.options.engine().society.control({ directory: this.options.directory, action });
    if (this.wantsPause) this.settle();
  }

  private async begin(signal: AbortSignal): Promise<void> {
    const { engine, directory } = this.options;
    this.isThere = true;
    try {
      if (this.wantsPause) await this.control("pause");
      for await (const moves of await engine().society.moves({ directory }, { signal })) {
        for (const activity of this.moves.apply(moves)) this.context?.push({ type: "move", ...activity });
        if (this.wantsPause) this.settle();
      }
    } catch {
      // The moves are for the eye; the run itself says what went wrong.
    }
  }

  private settle(): void {
    if (this.quiet !== null) clearTimeout(this.quiet);
    this.quiet = null;
    if (this.moves.inFlight > 0) {
      this.context?.setState("pausing");
      return;
    }
    this.quiet = setTimeout(() => {
      if (this.wantsPause && this.moves.inFlight === 0) this.context?.setState("paused");
    }, quietMs);
    this.quiet.unref();
  }
}
