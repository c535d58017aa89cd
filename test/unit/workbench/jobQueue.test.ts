import { describe, expect, it } from "vitest";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { EngineClient, Host, TrainerClient } from "../../../core/host/supervisor.ts";
import { Device } from "../../../core/workbench/device.ts";
import type { JobContext, JobSpec } from "../../../core/workbench/job.ts";
import { JobQueue } from "../../../core/workbench/jobQueue.ts";
import { emptySnapshot, LiveRun } from "../../../core/workbench/liveRun.ts";

interface FakeHost {
  disposed: boolean;
}

function fakeDevice() {
  const hosts: { engine: FakeHost[]; trainer: FakeHost[] } = { engine: [], trainer: [] };
  const make =
    <Client>(list: FakeHost[]) =>
    (): Host<Client> => {
      const host = { disposed: false };
      list.push(host);
      const dispose = async () => {
        host.disposed = true;
      };
      return { client: {} as Client, pid: list.length, start: async () => {}, dispose, [Symbol.asyncDispose]: dispose };
    };
  const device = new Device({ engine: make<EngineClient>(hosts.engine), trainer: make<TrainerClient>(hosts.trainer) });
  return { device, hosts };
}

function queueOf(device: Device) {
  const said: string[] = [];
  const queue = new JobQueue({
    device,
    now: () => 1,
    onChange: (job) => said.push(`${job.spec.id} ${job.state}${job.waitsFor === null ? "" : ` for ${job.waitsFor}`}`),
  });
  return { queue, said };
}

/** A job that ends when told to. */
function job(id: string, side: JobSpec["side"], options: Partial<JobSpec> = {}) {
  let end: (result?: Record<string, unknown>) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  let started: (context: JobContext) => void = () => {};
  const running = new Promise<JobContext>((resolve) => {
    started = resolve;
  });
  const spec: JobSpec = {
    id,
    kind: "society",
    name: id,
    run: () => id,
    side,
    live: new LiveRun("one", emptySnapshot),
    work: (context) =>
      new Promise((resolve, reject) => {
        end = (result = {}) => resolve(result);
        fail = reject;
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
        started(context);
      }),
    ...options,
  };
  return { spec, running, end: () => end(), fail: (error: unknown) => fail(error) };
}

describe("queue of jobs", () => {
  it("lets one at a time have the device, in order; who waits says for whom", async () => {
    const { device } = fakeDevice();
    const { queue, said } = queueOf(device);
    const [a, b, c] = [job("a", "inference"), job("b", "training"), job("c", "inference")];
    const jobs = [a, b, c].map(({ spec }) => queue.start(spec));
    await a.running;
    expect(jobs.map(({ state }) => state)).toEqual(["running", "waiting", "waiting"]);
    expect(jobs[2]?.waitsFor).toBe("b");
    expect(device.lease).toEqual({ holder: "inference", job: "a" });
    a.end();
    await b.running;
    expect(device.lease).toEqual({ holder: "training", job: "b" });
    b.end();
    await c.running;
    c.end();
    await Promise.all(jobs.map(({ done }) => done));
    expect(device.lease).toEqual({ holder: "free", job: null });
    expect(said).toContain("b waiting for a");
    expect(jobs.map(({ state }) => state)).toEqual(["finished", "finished", "finished"]);
  });

  it("unloads the models before training starts, and says so in the stream", async () => {
    const { device, hosts } = fakeDevice();
    const { queue } = queueOf(device);
    device.engineClient();
    const training = job("t", "training");
    const started = queue.start(training.spec);
    await training.running;
    expect(hosts.engine[0]?.disposed).toBe(true);
    device.trainerClient();
    training.end();
    await started.done;
    const frames = training.spec.live.watch({ epoch: "one", seq: 0 });
    const events = (await frames.next()).value?.events ?? [];
    expect(JSON.stringify(events)).toContain("unloaded");
    const inference = job("i", "inference");
    queue.start(inference.spec);
    await inference.running;
    expect(hosts.trainer[0]?.disposed).toBe(true);
    inference.end();
  });

  it("stops a waiting job without touching the one at work, and a running one with what it has", async () => {
    const { queue } = queueOf(fakeDevice().device);
    const [a, b, c] = [job("a", "inference"), job("b", "inference"), job("c", "inference")];
    const [first, second, third] = [a, b, c].map(({ spec }) => queue.start(spec));
    await a.running;
    await queue.control("b", "stop");
    await second?.done;
    expect([first?.state, second?.state, third?.state]).toEqual(["running", "stopped", "waiting"]);
    expect(third?.waitsFor).toBe("a");
    await queue.control("a", "stop");
    await c.running;
    expect(first?.state).toBe("stopped");
    expect(first?.error).toBeNull();
    c.end();
    await third?.done;
  });

  it("goes on after a crashed process while every start gets further, and gives up when one does not", async () => {
    const { queue } = queueOf(fakeDevice().device);
    const crash = () => new FolkmootError("native-crash", { message: "It died.", action: "Resume." });
    const progress = (done: number) =>
      ({ type: "progress", stage: "s", done, total: 9, unit: "u", rate: null, secondsLeft: null }) as const;
    let [starts, done] = [0, 0];
    const live = new LiveRun("one", emptySnapshot);
    const healing = queue.start({
      ...job("h", "inference").spec,
      live,
      work: async ({ push }) => {
        starts++;
        push(progress(++done));
        if (starts < 3) throw crash();
        return { starts };
      },
    });
    await healing.done;
    expect(healing.state).toBe("finished");
    expect(live.snapshot.result).toEqual({ starts: 3 });
    expect(live.snapshot.warnings).toHaveLength(2);
    for (const part of ["It died.", "started again", "nothing that was finished is lost", "nothing to do"])
      expect(live.snapshot.warnings[1]).toContain(part);
    let tries = 0;
    const hopeless = queue.start({
      ...job("x", "inference").spec,
      work: async () => {
        tries++;
        throw crash();
      },
    });
    await hopeless.done;
    expect([tries, hopeless.state, hopeless.error?.code, hopeless.actions]).toEqual([
      1,
      "failed",
      "native-crash",
      ["resume"],
    ]);
  });

  it("refuses what a job cannot do now, and a second start under the same name", async () => {
    const { queue } = queueOf(fakeDevice().device);
    const a = job("a", "inference");
    queue.start(a.spec);
    await a.running;
    await expect(queue.control("a", "pause")).rejects.toMatchObject({ code: "bad-input" });
    await expect(queue.control("none", "stop")).rejects.toMatchObject({ code: "run-not-found" });
    expect(() => queue.start(a.spec)).toThrow(/already at work/);
    await queue.close();
    expect(queue.find("a")?.state).toBe("stopped");
    expect(() => queue.start(job("b", "inference").spec)).toThrow(/being closed/);
  });
});
