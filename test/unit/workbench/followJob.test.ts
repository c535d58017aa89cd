import { describe, expect, it } from "vitest";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { settle } from "../../../core/host/settle.ts";
import { Device } from "../../../core/workbench/device.ts";
import type { Job } from "../../../core/workbench/job.ts";
import { JobQueue } from "../../../core/workbench/jobQueue.ts";
import { followJob } from "../../../core/workbench/jobWork.ts";
import { emptySnapshot, LiveRun } from "../../../core/workbench/liveRun.ts";

/** A host whose stream lets go at once when it is stopped, while its job ends when `settled` does. */
function host(settled: () => Promise<unknown>) {
  return {
    settled,
    async *run({ signal }: { signal: AbortSignal }): AsyncGenerator<JobEvent, void> {
      yield { type: "warning", message: "at work" };
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
}

/** A started job that follows such a host, and all that is said of its state. */
async function stoppedJob(settled: () => Promise<unknown>): Promise<{ job: Job; said: string[] }> {
  const said: string[] = [];
  const none = () => {
    throw new Error("no process here");
  };
  const queue = new JobQueue({
    device: new Device({ engine: none, trainer: none }),
    now: () => 1,
    onChange: ({ state }) => said.push(state),
  });
  const live = new LiveRun("one", emptySnapshot);
  let atWork: () => void = () => {};
  const working = new Promise<void>((resolve) => {
    atWork = resolve;
  });
  const job = queue.start({
    id: "align",
    kind: "align",
    name: "align",
    run: () => "align",
    side: "training",
    live,
    work: (context) =>
      followJob(context, {
        host: host(settled),
        start: async (target, options) => target.run(options),
        onEvent: () => atWork(),
      }),
  });
  await working;
  job.requestStop();
  return { job, said };
}

describe("a stopped job", () => {
  it("is called stopped only after its host has written what it keeps", async () => {
    let write: () => void = () => {};
    const { job, said } = await stoppedJob(
      () =>
        new Promise<void>((resolve) => {
          write = resolve;
        }),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(said.at(-1), "the last checkpoint is not there yet").toBe("stopping");
    write();
    await job.done;
    expect([job.state, job.error]).toEqual(["stopped", null]);
  });

  it("has failed when its last checkpoint could not be written", async () => {
    const full = new FolkmootError("disk-full", { message: "No space is left.", action: "Free some." });
    const { job } = await stoppedJob(() => Promise.reject(full));
    await job.done;
    expect([job.state, job.error?.code, job.actions]).toEqual(["failed", "disk-full", ["resume"]]);
  });

  it("is not waited for for ever, and the end of the patience is said", async () => {
    const deaf = {
      settled: (_input: undefined, { signal }: { signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    await expect(settle(deaf, 10)).rejects.toMatchObject({
      code: "device-busy",
      message: expect.stringMatching(/within 0.01 seconds/),
    });
  });
});
