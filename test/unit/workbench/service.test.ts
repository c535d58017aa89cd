import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planSteps } from "../../../core/alignment/plan.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import type { ListFrame } from "../../../core/contract/workbench/runs.ts";
import type { HostFactories } from "../../../core/workbench/device.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { makeInteractions, writeInteractions } from "../../support/interactions.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

/** Nothing in these tests needs a model to run. */
const noHosts: HostFactories = {
  engine: () => {
    throw new Error("The engine was started for nothing.");
  },
  trainer: () => {
    throw new Error("The trainer was started for nothing.");
  },
};

async function service(workspace: string) {
  const workbench = await openWorkbench({ workspace, hosts: noHosts, resources: null });
  return {
    workbench,
    client: checkedClient(workbenchClient(workbench)),
    [Symbol.asyncDispose]: () => workbench.close(),
  };
}

/** A run that was made elsewhere (by the terminal) and lies in the workspace. */
async function putSociety(workspace: string, name: string, rounds: number) {
  const directory = join(workspace, "runs", name);
  const config = societyConfig.parse({
    grid: { rows: 2, columns: 2 },
    rounds,
    questions: { path: "/questions.txt" },
    populations: [{ model: "/model.gguf" }],
  });
  const run = await RunDirectory.create(directory, { config, schema: societyConfig, files: [], id: name });
  await run.close();
  await writeInteractions(directory, [...makeInteractions({ run: name, seed: 1, agents: 4, rounds: 2 })]);
}

describe("the workbench service", () => {
  it("lists what lies in the workspace as it is, and starts no process for that", async () => {
    const folder = await temporaryFolder();
    await putSociety(folder, "done", 2);
    await putSociety(folder, "half", 5);
    await mkdir(join(folder, "runs", "no-run"));
    await writeFile(join(folder, "runs", "no-run", "config.json"), "{");
    await using opened = await service(folder);
    const { client } = opened;
    const runs = await client.runs.list();
    expect(runs.map(({ run, state, progress, actions }) => [run, state, progress?.done, actions]).sort()).toEqual([
      ["done", "finished", 8, []],
      ["half", "stopped", 8, ["resume"]],
    ]);
    expect(runs[0]?.headline).toBe(
      "2×2, half good, 4 peers, 5 rounds".replace("5", runs[0]?.run === "half" ? "5" : "2"),
    );
    expect((await client.runs.get({ run: "done" })).id).toBe("done");
    expect((await client.runs.rename({ run: "done", name: "The good one" })).name).toBe("The good one");
    await expect(client.jobs.control({ job: "done", action: "stop" })).rejects.toMatchObject({ code: "run-not-found" });
    await expect(client.runs.get({ run: "none" })).rejects.toMatchObject({ code: "run-not-found" });
    const first = (await (await client.jobs.watch({ job: "half" }))[Symbol.asyncIterator]().next()).value;
    expect(first).toMatchObject({
      reset: true,
      events: [{ type: "snapshot", snapshot: { society: { interactions: 8 } } }],
    });
  });

  it("says of a training that was stopped how many steps it has, as it did while it ran", async () => {
    const folder = await temporaryFolder();
    const config = alignConfig.parse({ model: "/m.gguf", data: "/d.json", epochs: 2, accumulation: 8 });
    const directory = join(folder, "runs", "training");
    await (await RunDirectory.create(directory, { config, schema: alignConfig, files: [], id: "training" })).close();
    const rows = 203;
    const { steps } = planSteps(rows, config);
    const line = (step: number) => JSON.stringify({ step, epoch: (step * 8) / rows, loss: 0.25 });
    await writeFile(join(directory, "metrics.jsonl"), `${line(16)}\n${line(17)}\n`);
    await using opened = await service(folder);
    const [run] = await opened.client.runs.list();
    expect(run).toMatchObject({ state: "stopped", progress: { done: 17, total: steps, unit: "steps", loss: 0.25 } });
    expect(steps).toBe(51);
  });

  it("tells the list's changes to who watches, and only those to who comes back", async () => {
    const folder = await temporaryFolder();
    await putSociety(folder, "one", 2);
    await putSociety(folder, "two", 2);
    await using opened = await service(folder);
    const { client } = opened;
    const next = async (since: ListFrame["position"] | null) => {
      const frames = (await client.runs.watch({ since }))[Symbol.asyncIterator]();
      const { value } = await frames.next();
      await frames.return?.();
      return value as ListFrame;
    };
    const whole = await next(null);
    expect([whole.reset, whole.runs.length]).toEqual([true, 2]);
    const coming = next(whole.position);
    await client.runs.rename({ run: "two", name: "Second" });
    const change = await coming;
    expect([change.reset, change.runs.map(({ name }) => name)]).toEqual([false, ["Second"]]);
    const { undo } = await client.runs.remove({ run: "one" });
    const removal = await next(change.position);
    expect([removal.reset, removal.removed, removal.runs]).toEqual([false, ["one"], []]);
    await client.undo.apply({ undo });
    expect((await next(removal.position)).runs.map(({ run }) => run)).toEqual(["one"]);
  });

  it("takes a removal back after a restart, interactions and all", async () => {
    const folder = await temporaryFolder();
    await putSociety(folder, "one", 2);
    {
      await using opened = await service(folder);
      await opened.client.runs.remove({ run: "one" });
    }
    await using opened = await service(folder);
    const { client } = opened;
    expect(await client.runs.list()).toEqual([]);
    const [removed] = await client.undo.list();
    expect(removed?.message).toBe("Run one was removed.");
    await client.undo.apply({ undo: removed?.undo ?? "" });
    expect((await client.runs.list()).map(({ run }) => run)).toEqual(["one"]);
    expect((await client.dialogues.query({})).total).toBe(8);
  });

  it("keeps settings by key, and refuses a window that wants to remember too much", async () => {
    const folder = await temporaryFolder();
    {
      await using opened = await service(folder);
      const { client } = opened;
      await client.settings.set({ appearance: { theme: "dark" }, face: { filter: { text: "goat" }, width: 300 } });
      await client.settings.set({ threads: 3, face: { width: null, height: 20 } });
      await expect(client.settings.set({ face: { huge: "x".repeat(300_000) } })).rejects.toMatchObject({
        code: "bad-setting",
      });
    }
    await using opened = await service(folder);
    expect(await opened.client.settings.get()).toMatchObject({
      appearance: { theme: "dark" },
      threads: 3,
      face: { filter: { text: "goat" }, height: 20 },
    });
    expect(Object.keys((await opened.client.settings.get()).face)).toEqual(["filter", "height"]);
  });

  it("finds models below a folder, links included, says why it left some out, and gives a removed one back", async () => {
    const folder = await temporaryFolder();
    const models = join(folder, "models");
    await mkdir(join(models, "deep", "deeper"), { recursive: true });
    const { model } = await writeMaterial(join(models, "deep"));
    await symlink(join(models, "deep"), join(models, "deep", "deeper", "back"));
    await writeFile(join(models, "broken.gguf"), "GGUF and then nothing");
    await using opened = await service(join(folder, "workspace"));
    const { client } = opened;
    const scanned = await client.models.scan({ folder: models });
    expect([scanned.added, scanned.known]).toEqual([[model], 0]);
    expect(scanned.refused.map(({ path }) => path)).toEqual([join(models, "broken.gguf")]);
    expect((await client.models.scan({ folder: models })).known).toBe(1);
    const { undo } = await client.models.remove({ path: model });
    expect((await client.models.list()).models).toEqual([]);
    await client.undo.apply({ undo });
    expect((await client.models.list()).models.map(({ path }) => path)).toEqual([model]);
    expect((await client.models.estimate({ path: model, sequences: 8 })).fit.verdict).toBe("fits");
    await writeFile(model, "no model any more");
    expect((await client.models.list()).models[0]).toMatchObject({
      description: null,
      problem: { code: "model-corrupt" },
    });
  });

  it("refuses a job above the memory ceiling unless told otherwise", async () => {
    const folder = await temporaryFolder();
    const { model, questions } = await writeMaterial(folder);
    await using opened = await service(join(folder, "workspace"));
    const { client } = opened;
    await client.settings.set({ memoryCeiling: 1000 });
    const config = {
      grid: { rows: 2, columns: 3 },
      peers: 2,
      questions: { path: questions },
      populations: [{ model }],
    };
    await expect(client.society.start({ config })).rejects.toMatchObject({
      code: "out-of-memory",
      details: { setting: "memoryCeiling" },
    });
    expect(await client.runs.list()).toEqual([]);
  });

  it("shows folders without what is hidden, folders first, and only files that are asked for", async () => {
    const folder = await temporaryFolder();
    for (const name of ["b.gguf", "a.txt", ".secret"]) await writeFile(join(folder, name), "1234");
    await mkdir(join(folder, "z"));
    await using opened = await service(join(folder, "z"));
    const { client } = opened;
    const { entries, parent } = await client.files.list({ path: folder, endings: ["gguf"] });
    expect(entries.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
      ["z", "folder", null],
      ["b.gguf", "file", 4],
    ]);
    expect(parent).not.toBeNull();
    await expect(client.files.list({ path: join(folder, "none") })).rejects.toMatchObject({ code: "data-not-found" });
    expect(await client.capabilities()).toEqual({ nativeDialogs: false, reveal: false, notifications: false });
    await expect(client.shell.reveal({ path: folder })).rejects.toMatchObject({ code: "bad-input" });
    await expect(client.demo.start({})).rejects.toMatchObject({ code: "data-not-found" });
  });
});
