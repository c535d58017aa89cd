/** Streams of jobs, opened when the first view wants one and closed a moment after the last one left. */
import type { WorkbenchClient } from "../../core/contract/workbench.ts";
import type { Connection } from "../connection/connection.ts";
import { follow } from "../connection/follow.ts";
import { LiveRun } from "./liveRun.ts";

/** Moving between screens should not close and open streams, milliseconds. */
const linger = 3000;

export interface LiveRunsHears {
  readonly error: (thrown: unknown) => void;
  /** What the service did by itself, of any job that is watched. */
  readonly notice: (message: string) => void;
}

interface Entry {
  readonly run: LiveRun;
  readonly stop: AbortController;
  users: number;
  timer: ReturnType<typeof setTimeout> | null;
}

export class LiveRuns {
  private readonly entries = new Map<string, Entry>();
  private readonly client: WorkbenchClient;
  private readonly connection: Pick<Connection, "ready">;
  private readonly hears: LiveRunsHears;

  constructor(client: WorkbenchClient, connection: Pick<Connection, "ready">, hears: LiveRunsHears) {
    this.client = client;
    this.connection = connection;
    this.hears = hears;
  }

  /** The job's live state; call `release` when it is no longer looked at. */
  acquire(job: string): { run: LiveRun; release: () => void } {
    const entry = this.entries.get(job) ?? this.open(job);
    if (entry.timer !== null) clearTimeout(entry.timer);
    entry.timer = null;
    entry.users++;
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      entry.users--;
      if (entry.users === 0) entry.timer = setTimeout(() => this.close(job), linger);
    };
    return { run: entry.run, release };
  }

  private open(job: string): Entry {
    const entry: Entry = { run: new LiveRun(), stop: new AbortController(), users: 0, timer: null };
    this.entries.set(job, entry);
    entry.run.listen({ notice: this.hears.notice });
    follow({
      open: (since, signal) => this.client.jobs.watch({ job, since }, { signal }),
      onFrame: (frame) => entry.run.apply(frame),
      ready: (signal) => this.connection.ready(signal),
      signal: entry.stop.signal,
    }).catch((thrown: unknown) => {
      this.close(job);
      this.hears.error(thrown);
    });
    return entry;
  }

  private close(job: string): void {
    this.entries.get(job)?.stop.abort();
    this.entries.delete(job);
  }
}
