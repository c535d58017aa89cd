/** A process and a workbench for the command line, without a process and without models. */
import { EventEmitter } from "node:events";
import type { CommandLineHost } from "../../../cli/commandLine.ts";
import type { Workbench } from "../../../cli/context.ts";
import type { JobEvent } from "../../../core/contract/events.ts";

export type FakeJob = (input: never, signal: AbortSignal) => AsyncGenerator<JobEvent, void>;

/** Jobs by their name in the contract, e.g. `align.run`; calls without stream return a value. */
export type FakeJobs = Readonly<Record<string, FakeJob | ((input: never) => Promise<unknown>)>>;

export interface FakeHost extends CommandLineHost {
  readonly out: () => string;
  readonly err: () => string;
  /** Inputs that jobs were started with, in order. */
  readonly inputs: [string, unknown][];
  readonly left: number[];
  disposed(): number;
}

export function fakeHost(jobs: FakeJobs, options: { isTerminal?: boolean; workingFolder?: string } = {}): FakeHost {
  let out = "";
  let err = "";
  let disposed = 0;
  let time = 0;
  const inputs: [string, unknown][] = [];
  const left: number[] = [];
  const procedure =
    (name: string) =>
    async (input: unknown, { signal }: { signal: AbortSignal }) => {
      inputs.push([name, input]);
      const job = jobs[name];
      if (job === undefined) throw new Error(`the test has no job ${name}`);
      return job(input as never, signal);
    };
  const settled = (name: string) => async () => (jobs[`${name}.settled`] as (() => Promise<unknown>) | undefined)?.();
  const engine = {
    settled: settled("engine"),
    gpus: async () => [],
    models: { inspect: procedure("models.inspect"), rowSizes: procedure("models.rowSizes") },
    society: { run: procedure("society.run") },
    evaluate: { run: procedure("evaluate.run") },
  };
  const trainer = {
    settled: settled("trainer"),
    align: { run: procedure("align.run") },
    export: { adapter: procedure("export.adapter"), merged: procedure("export.merged") },
    gradcheck: procedure("gradcheck"),
  };
  return {
    out: () => out,
    err: () => err,
    inputs,
    left,
    disposed: () => disposed,
    stdout: { write: (text) => (out += text) },
    screen: {
      write: (text) => (err += text),
      isTerminal: options.isTerminal ?? false,
      columns: () => 100,
      now: () => (time += 0.01),
    },
    signals: new EventEmitter(),
    workingFolder: options.workingFolder ?? "/work/folder",
    diagnostics: false,
    openWorkbench: () =>
      ({
        engine: async () => engine,
        trainer: async () => trainer,
        release: async () => {},
        [Symbol.asyncDispose]: async () => {
          disposed += 1;
        },
      }) as unknown as Workbench & AsyncDisposable,
    leave: (code) => left.push(code),
  };
}
