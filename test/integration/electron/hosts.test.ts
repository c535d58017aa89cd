import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { describeInChromium } from "../../support/chromium.ts";
import { type Desktop, eventually } from "../../support/electron/desktop.ts";
import { launchFixture, lineOpen, userDataFolder } from "../../support/electron/launchFixture.ts";
import { isAlive } from "../../support/isAlive.ts";
import { q8Model } from "../models/fixtures.ts";

/** In main: the client of the real workbench. */
declare const workbench: { client: WorkbenchClient };

interface Started {
  readonly desktop: Desktop;
  readonly workspace: string;
  /** Settings of a small society; `rounds` says how long it lasts. */
  readonly config: (rounds: number) => object;
}

async function start(folder: string): Promise<Started> {
  const workspace = join(folder, "workspace");
  const questions = join(folder, "questions.txt");
  mkdirSync(folder, { recursive: true });
  writeFileSync(questions, "May I keep the purse?\nWho broke the window?\nWhose apple is this?\n");
  const desktop = await launchFixture({
    entry: join(import.meta.dirname, "..", "..", "support", "electron", "realMain.ts"),
    userData: join(folder, "data"),
    env: { FIXTURE_WORKSPACE: workspace },
  });
  await lineOpen(await desktop.page());
  await eventually(() => desktop.evaluate(() => "workbench" in globalThis));
  const config = (rounds: number) => ({
    grid: { rows: 2, columns: 2 },
    rounds,
    peers: 1,
    questions: { path: questions },
    populations: [{ model: q8Model }],
    sampling: { maxTokens: 8 },
    sequences: 4,
    threads: 1,
  });
  return { desktop, workspace, config };
}

const startSociety = (desktop: Desktop, config: object) =>
  desktop.evaluate(
    async (_electron, config) => (await workbench.client.society.start({ config: config as never })).run ?? "",
    config,
  );
const runs = (desktop: Desktop) => desktop.evaluate(() => workbench.client.runs.list());
/** The run has written something: it is on the disk. */
const underWay = (desktop: Desktop, run: string) =>
  eventually(async () => {
    const entry = (await runs(desktop)).find((candidate) => candidate.run === run);
    return (entry?.progress?.done ?? 0) > 0;
  }, 30_000);
const hosts = (desktop: Desktop) => desktop.evaluate(async () => (await workbench.client.machine.get()).hosts);
const engine = (desktop: Desktop) =>
  eventually(async () => (await hosts(desktop)).find(({ kind }) => kind === "engine")?.pid);

describeInChromium("the processes behind the window", () => {
  it("a society runs to its end in a utility process, with node-llama-cpp", async () => {
    using folder = userDataFolder();
    const { desktop, config } = await start(folder.path);
    await using _ = desktop;
    await startSociety(desktop, config(1));
    const run = await eventually(async () => (await runs(desktop)).find(({ state }) => state === "finished"), 40_000);
    expect(run).toMatchObject({ kind: "society", error: null });
    const pid = await engine(desktop);
    expect(pid).not.toBe(desktop.pid);
  });

  it("an engine that crashes is told, started again, and its run ends with nothing lost or doubled", async () => {
    using folder = userDataFolder();
    const { desktop, config } = await start(folder.path);
    await using _ = desktop;
    const run = await startSociety(desktop, config(6));
    const entry = async () => (await runs(desktop)).find((candidate) => candidate.run === run);
    await desktop.evaluate((_electron, job) => {
      const told: string[] = [];
      Object.assign(globalThis, { told });
      void (async () => {
        for await (const { events } of await workbench.client.jobs.watch({ job }))
          for (const event of events) if ("message" in event) told.push(`${event.type}: ${event.message}`);
      })();
    }, run);
    await eventually(async () => ((await entry())?.progress?.done ?? 0) > 4, 30_000);
    const first = await engine(desktop);
    process.kill(first, "SIGKILL");
    await eventually(async () => (await entry())?.state === "finished", 60_000);
    expect(await engine(desktop)).not.toBe(first);
    const told = await desktop.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    expect(told.join("\n")).toMatch(/engine process ended unexpectedly \(SIGKILL\)[\s\S]*started again/);
    const lines = readFileSync(join((await entry())?.directory ?? "", "interactions.jsonl"), "utf8")
      .trim()
      .split("\n");
    const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    expect(ids.length).toBe(2 * 2 * 6);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("a workbench that crashes comes back by itself, and the page with it", async () => {
    using folder = userDataFolder();
    const { desktop, config } = await start(folder.path);
    await using _ = desktop;
    const run = await startSociety(desktop, config(200));
    await underWay(desktop, run);
    const orphan = await engine(desktop);
    const service = await desktop.evaluate(
      () => (globalThis as unknown as { workbench: { pid: number } }).workbench.pid,
    );
    process.kill(service, "SIGKILL");
    // The page has a second line, and the service behind it knows the run as stopped.
    await lineOpen(await desktop.page(), 2);
    await eventually(() => !isAlive(orphan), 5_000);
    const after = (await runs(desktop)).find((entry) => entry.run === run);
    expect(after).toMatchObject({ state: expect.stringMatching(/stopped|failed/), actions: ["resume"] });
  });

  it("none is left five seconds after main was killed by force, and the workspace opens again", async () => {
    using folder = userDataFolder();
    const { desktop, config } = await start(folder.path);
    {
      await using _ = desktop;
      await underWay(desktop, await startSociety(desktop, config(200)));
      const service = await desktop.evaluate(
        () => (globalThis as unknown as { workbench: { pid: number } }).workbench.pid,
      );
      const pids = [await engine(desktop), service];
      expect(pids.map(isAlive)).toEqual([true, true]);
      process.kill(desktop.pid, "SIGKILL");
      await eventually(() => pids.every((pid) => !isAlive(pid)), 5_000);
    }
    const again = await start(folder.path);
    await using _ = again.desktop;
    expect((await runs(again.desktop)).length).toBe(1);
  });
});
