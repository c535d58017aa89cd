/** A command line against a fake host, and what a job of it says. */
import { onTestFinished } from "vitest";
import { runCommandLine } from "../../../cli/commandLine.ts";
import type { JobEvent, ProgressEvent } from "../../../core/contract/events.ts";
import type { FakeHost } from "./fakeHost.ts";

/** @returns the exit status */
export function run(line: string, host: FakeHost): Promise<number> {
  const { exitCode } = process;
  // runCommandLine sets the status of its process, which here is the test's own.
  onTestFinished(() => {
    process.exitCode = exitCode;
  });
  return runCommandLine(line.split(" "), host);
}

export const alignResult = {
  steps: 12,
  resumedFrom: 0,
  rows: { training: 90, evaluation: 5 },
  loss: { first: 3.25, last: 0.75, window: 2 },
  evaluation: null,
  tokensPerSecond: 812,
  seconds: 4,
  adapter: "/runs/a/checkpoints/adapter.gguf",
};

export const progress = (done: number): ProgressEvent => ({
  type: "progress",
  stage: "align",
  done,
  total: 12,
  unit: "steps",
  rate: 3,
  secondsLeft: 4,
});

export async function* finishes(result: Record<string, unknown> = alignResult): AsyncGenerator<JobEvent, void> {
  yield { type: "started", run: "align-1", directory: "/runs/a", resumed: false };
  yield progress(6);
  yield progress(12);
  yield { type: "finished", result };
}
