import { describe, expect, it } from "vitest";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { HostJobs } from "../../../core/host/hostJobs.ts";
import { type Job, jobStream } from "../../../core/host/jobStream.ts";
import type { HostContext } from "../../../core/host/serveHost.ts";

const warning = (message: string): JobEvent => ({ type: "warning", message });

function context() {
  const stop = new AbortController();
  const jobs = new HostJobs();
  const hostContext: HostContext = {
    shutdown: stop.signal,
    track: (job) => jobs.track(job),
    settled: () => jobs.settled(),
  };
  return { hostContext, stop };
}

async function collect(stream: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** Resolves when its signal aborts. */
const untilStopped: (onEnd: () => void) => Job = (onEnd) => (emit, signal) =>
  new Promise((resolve) => {
    emit(warning("running"));
    signal.addEventListener("abort", () => {
      onEnd();
      resolve({});
    });
  });

describe("jobStream", () => {
  it("yields every event in order and ends with the result", async () => {
    const job: Job = async (emit) => {
      for (let i = 0; i < 50; i++) {
        emit(warning(`${i}`));
        if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      return { answer: 42 };
    };
    const events = await collect(jobStream(job, context().hostContext, undefined));
    expect(events.slice(0, -1)).toEqual(Array.from({ length: 50 }, (_, i) => warning(`${i}`)));
    expect(events.at(-1)).toEqual({ type: "finished", result: { answer: 42 } });
  });

  it("gives out what was emitted before a failure, then the failure with its code", async () => {
    const seen: JobEvent[] = [];
    const stream = jobStream(
      async (emit) => {
        emit(warning("before"));
        throw new FolkmootError("disk-full", { message: "Full.", action: "Free some." });
      },
      context().hostContext,
      undefined,
    );
    const reading = (async () => {
      for await (const event of stream) seen.push(event);
    })();
    await expect(reading).rejects.toMatchObject({
      code: "FOLKMOOT",
      data: { code: "disk-full", action: "Free some." },
    });
    expect(seen).toEqual([warning("before")]);
  });

  it.each(["the caller's signal", "the host's shutdown"])("stops the job with %s", async (which) => {
    const { hostContext, stop } = context();
    const caller = new AbortController();
    let ended = false;
    const job = untilStopped(() => {
      ended = true;
    });
    const events = collect(jobStream(job, hostContext, caller.signal));
    await new Promise((resolve) => setTimeout(resolve, 5));
    (which === "the caller's signal" ? caller : stop).abort();
    await events;
    expect(ended).toBe(true);
  });

  it("waits for the job when the reader goes away, so that nothing runs unwatched", async () => {
    let ended = false;
    const job: Job = async (emit, signal) => {
      emit(warning("running"));
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      ended = true;
      return {};
    };
    for await (const _ of jobStream(job, context().hostContext, undefined)) break;
    expect(ended).toBe(true);
  });

  it("counts as at work until what it keeps after a stop is written", async () => {
    const { hostContext } = context();
    const caller = new AbortController();
    const order: string[] = [];
    const job: Job = async (_emit, signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push("checkpoint");
      throw new FolkmootError("cancelled", { message: "Stopped.", action: "Resume." });
    };
    const reading = collect(jobStream(job, hostContext, caller.signal)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    caller.abort();
    await hostContext.settled();
    order.push("settled");
    await reading;
    expect(order).toEqual(["checkpoint", "settled"]);
    await hostContext.settled();
  });

  it("tells whoever stopped it what it could not keep", async () => {
    const { hostContext } = context();
    const caller = new AbortController();
    const job: Job = async (_emit, signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw Object.assign(new Error("no space"), { code: "ENOSPC", path: "/runs/a/checkpoints" });
    };
    const reading = collect(jobStream(job, hostContext, caller.signal)).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    caller.abort();
    await expect(hostContext.settled()).rejects.toMatchObject({ code: "disk-full" });
    await reading;
  });
});
