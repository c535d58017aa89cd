/** The index for everybody outside of its thread: keeps up with runs and with what a person says of them. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { entryBeside, startThread, type Thread } from "../../host/thread.ts";
import type { Annotations, Target } from "../annotations.ts";
import type { IndexRouter } from "./indexThread.ts";
import type { IndexedRun } from "./interactionIndex.ts";

export const indexFileName = "index.db";

export class WorkspaceIndex implements AsyncDisposable {
  private readonly thread: Thread<IndexRouter>;
  private readonly annotations: Annotations;
  /** Those that it holds or is to hold. */
  private readonly runs = new Map<string, IndexedRun>();
  private recovering: Promise<void> | null = null;
  /** By run: the reading in flight, and whether another is wanted after it. */
  private readonly reading = new Map<string, { done: Promise<void>; again: boolean }>();

  constructor(path: string, annotations: Annotations) {
    const entry = entryBeside(import.meta.url, "indexThread");
    this.thread = startThread<IndexRouter>(entry, { path }, () => void this.recover());
    this.annotations = annotations;
  }

  get ask(): Thread<IndexRouter>["client"] {
    return this.thread.client;
  }

  /** Drops runs that are gone, then reads in all others, oldest first. */
  async synchronize(runs: readonly IndexedRun[]): Promise<void> {
    const present = new Set(runs.map(({ key }) => key));
    this.runs.clear();
    for (const run of runs) this.runs.set(run.key, run);
    const { runs: known } = await this.ask.state();
    for (const run of known) if (!present.has(run)) await this.ask.forget({ run });
    const inOrder = runs.toSorted((a, b) => a.created - b.created || (a.key < b.key ? -1 : 1));
    const sizes = inOrder.map(async (run) => ({ key: run.key, bytes: await journalBytes(run) }));
    await this.ask.announce({ runs: await Promise.all(sizes) });
    for (const run of inOrder) await this.catchUp(run);
    await this.ask.announce({ runs: null });
  }

  /** Reads in what is new; calls while it reads are one more reading after it. */
  catchUp(run: IndexedRun): Promise<void> {
    this.runs.set(run.key, run);
    const current = this.reading.get(run.key);
    if (current !== undefined) {
      current.again = true;
      return current.done;
    }
    const entry = { again: false, done: Promise.resolve() };
    entry.done = (async () => {
      try {
        do {
          entry.again = false;
          await this.readOnce(run);
        } while (entry.again);
      } finally {
        this.reading.delete(run.key);
      }
    })();
    this.reading.set(run.key, entry);
    return entry.done;
  }

  async forget(run: string): Promise<void> {
    this.runs.delete(run);
    await this.ask.forget({ run });
  }

  /** Brings rows in line with the annotations, after these were changed. */
  async annotated(targets: readonly Target[]): Promise<void> {
    const runs = Map.groupBy(targets, ({ run }) => run);
    for (const [run, of] of runs)
      await this.ask.annotate({ run, states: of.map(({ id }) => [id, this.annotations.state({ run, id })] as const) });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.thread.dispose();
  }

  /** The thread ended because its file was damaged: the next one starts with an empty file. */
  private async recover(): Promise<void> {
    this.recovering ??= this.synchronize([...this.runs.values()])
      .catch(() => undefined)
      .finally(() => {
        this.recovering = null;
      });
    await this.recovering;
  }

  private async readOnce(run: IndexedRun): Promise<void> {
    await this.ask.catchUp({ run, states: [...this.annotations.ofRun(run.key)] });
  }
}

async function journalBytes({ directory }: IndexedRun): Promise<number> {
  return (await stat(join(directory, "interactions.jsonl")).catch(() => null))?.size ?? 0;
}
