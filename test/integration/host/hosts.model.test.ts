import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { JobEvent } from "../../../core/contract/events.ts";
import { type SocietyConfig, societyConfig } from "../../../core/contract/society.ts";
import { type EngineClient, engineHost, type Host, type HostOptions } from "../../../core/host/supervisor.ts";
import { isAlive } from "../../support/isAlive.ts";
import { f32Model, q8Model } from "../models/fixtures.ts";

let folder: string;
let config: SocietyConfig;
const hosts: Host<EngineClient>[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folkmoot-host-"));
  const questions = join(folder, "questions.txt");
  await writeFile(questions, "May I keep the purse?\nWho broke the window?\nWhose apple is this?\n");
  config = societyConfig.parse({
    grid: { rows: 2, columns: 3 },
    rounds: 3,
    peers: 2,
    questions: { path: questions },
    populations: [{ model: q8Model }],
    sampling: { maxTokens: 16 },
    sequences: 8,
    threads: 1,
  });
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.dispose();
});
afterAll(() => rm(folder, { recursive: true }));

function started(options?: HostOptions): Host<EngineClient> {
  const host = engineHost(options);
  hosts.push(host);
  return host;
}

async function follow(stream: Promise<AsyncIterable<JobEvent>>, onEvent: (event: JobEvent) => void = () => {}) {
  const events: JobEvent[] = [];
  for await (const event of await stream) {
    events.push(event);
    onEvent(event);
  }
  return events;
}

const interactionsOf = (directory: string) => readFile(join(directory, "interactions.jsonl"), "utf8");
const inspected = { path: f32Model, hash: false, sequences: 4, contextSize: null };

describe("calls", () => {
  it("answer with what the contract says", async () => {
    const description = await started().client.models.inspect(inspected);
    expect(description).toMatchObject({ architecture: "llama", parameters: 151_872, trainable: { possible: true } });
  });

  it("reject with the error that was thrown on the other side", async () => {
    const call = started().client.models.inspect({ ...inspected, path: join(folder, "none.gguf") });
    await expect(call).rejects.toMatchObject({
      name: "FolkmootError",
      code: "model-not-found",
      action: "Check the path and try again.",
      details: { path: join(folder, "none.gguf") },
    });
  });

  it("are refused with the name of the setting that does not fit the contract", async () => {
    const call = started().client.models.inspect({ ...inspected, sequences: 1000 });
    await expect(call).rejects.toMatchObject({ code: "bad-input", reason: expect.stringContaining("sequences") });
  });
});

describe("a society run", () => {
  it("streams to its end, stops when asked and resumes to the same records", async () => {
    const { client } = started();
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const events = await follow(client.society.run({ config, directory: whole }));
    expect(events[0]).toMatchObject({ type: "started", resumed: false });
    expect(events.at(-1)).toMatchObject({ type: "finished", result: { interactions: 18 } });
    expect(events.filter(({ type }) => type === "interaction")).toHaveLength(18);

    const stop = new AbortController();
    let seen = 0;
    const stopped = follow(client.society.run({ config, directory: parts }, { signal: stop.signal }), ({ type }) => {
      if (type === "interaction" && ++seen === 4) stop.abort();
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    // The host winds the stopped run down in its own time; until then its folder is locked.
    await client.settled(undefined);
    const resumed = await follow(client.society.run({ config, directory: parts }));
    expect(resumed[0]).toMatchObject({ type: "started", resumed: true });
    expect(await interactionsOf(parts)).toBe(await interactionsOf(whole));
  });

  it("pauses, steps one interaction and goes on", async () => {
    const { client } = started();
    const directory = join(folder, "paused");
    let interactions = 0;
    const running = follow(client.society.run({ config, directory }), ({ type }) => {
      if (type === "interaction") interactions++;
    });
    while (interactions === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await client.society.control({ directory, action: "pause" })).toEqual({ state: "paused" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const atPause = interactions;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(interactions).toBe(atPause);
    await client.society.control({ directory, action: "resume" });
    await running;
    expect(interactions).toBe(18);
    await expect(client.society.control({ directory, action: "pause" })).rejects.toMatchObject({
      code: "run-not-found",
    });
  });

  it("survives the death of its host: an error that says what to do, then the same records as if nothing happened", async () => {
    const host = started();
    const directory = join(folder, "crashed");
    let seen = 0;
    const crashing = follow(host.client.society.run({ config, directory }), ({ type }) => {
      if (type === "interaction" && ++seen === 5) process.kill(host.pid as number, "SIGKILL");
    });
    await expect(crashing).rejects.toMatchObject({ code: "native-crash", action: expect.stringContaining("Resume") });
    expect(host.pid).toBeNull();
    const resumed = await follow(host.client.society.run({ config, directory }));
    expect(resumed[0]).toMatchObject({ type: "started", resumed: true });
    expect(await interactionsOf(directory)).toBe(await interactionsOf(join(folder, "whole")));
  });
});

describe("a host", () => {
  it.each(["SIGSEGV", "SIGABRT"] as const)("that dies of %s is started again at the next call", async (signal) => {
    const host = started();
    await host.start();
    const first = host.pid as number;
    const pending = host.client.proof.logps({
      model: f32Model,
      adapter: null,
      items: Array.from({ length: 5000 }, () => ({ query: "a", response: "b" })),
      appendEos: false,
      threads: 1,
    });
    setTimeout(() => process.kill(first, signal), 100);
    await expect(pending).rejects.toMatchObject({ code: "native-crash", details: { signal } });
    await host.client.models.inspect(inspected);
    expect(host.pid).not.toBe(first);
  });

  it("that cannot start says why instead of hanging", async () => {
    const entry = join(folder, "broken.mjs");
    await writeFile(entry, "console.error('no such library'); process.exit(3);");
    const host = started({ entry: pathToFileURL(entry) });
    await expect(host.client.models.inspect(inspected)).rejects.toMatchObject({
      code: "native-crash",
      details: { exitCode: 3, stderr: expect.stringContaining("no such library") },
    });
  });

  it("ends a running job when it is disposed, and its process with it", async () => {
    const host = started();
    const directory = join(folder, "disposed");
    const long = { ...config, rounds: 500 };
    const running = follow(host.client.society.run({ config: long, directory }), ({ type }) => {
      if (type === "interaction") void host.dispose();
    });
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    const { pid } = host;
    await host.dispose();
    expect(pid === null || !isAlive(pid)).toBe(true);
    await expect(host.client.models.inspect(inspected)).rejects.toMatchObject({ code: "cancelled" });
    // Ended in order: the lock is given back, so the run can be opened at once.
    const resumed = await follow(started().client.society.run({ config: { ...long }, directory }), (event) => {
      if (event.type === "started") expect(event.resumed).toBe(true);
      if (event.type === "interaction") throw new Error("seen enough");
    }).catch((error: Error) => error.message);
    expect(resumed).toBe("seen enough");
  });
});
