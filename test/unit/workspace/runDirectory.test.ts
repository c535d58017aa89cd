import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import { RunDirectory, readRunJournal, viewRun } from "../../../core/workspace/runDirectory.ts";
import { collect } from "../../support/collect.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const line = z.object({ number: z.number() });

async function material() {
  const folder = await temporaryFolder();
  const [model, questions] = [join(folder, "model.gguf"), join(folder, "questions.txt")];
  await writeFile(model, "GGUF");
  await writeFile(questions, "Who lost it?\n");
  const config = societyConfig.parse({ seed: 5, questions: { path: questions }, populations: [{ model }] });
  return { folder, model, questions, run: { config, schema: societyConfig, files: [model, questions] } };
}

test("a run comes back as it was made: settings, versions, hashes, seeds, journals", async () => {
  const { folder, model, run } = await material();
  const path = join(folder, "runs", "first");
  let id: string;
  {
    await using created = await RunDirectory.create(path, run);
    id = created.id;
    await (await created.journal("interactions", line)).append([{ number: 1 }]);
    expect(await collect(readRunJournal(path, "interactions", line))).toEqual([{ number: 1 }]);
  }
  expect((await readdir(path)).toSorted()).toEqual([
    "checkpoints",
    "config.json",
    "env.json",
    "exports",
    "interactions.jsonl",
  ]);
  const view = await viewRun(path, societyConfig);
  expect(view).toMatchObject({ id, path, config: run.config });
  expect(view.environment).toMatchObject({
    versions: { node: process.versions.node, folkmoot: expect.stringMatching(/^\d/), nodeLlamaCpp: "3.22.1" },
    seeds: { run: 5 },
  });
  expect(view.environment.files[model]).toMatch(/^[0-9a-f]{64}$/);
  await using opened = await RunDirectory.open(path, societyConfig);
  expect((await opened.journal("interactions", line)).count).toBe(1);
});

test("equal runs have equal ids wherever they and their files stand; a changed seed or file content has another", async () => {
  const [a, b, c] = [await material(), await material(), await material()];
  await writeFile(c.questions, "Who found it?\n");
  const idOf = async (made: typeof a, config = made.run.config) => {
    await using run = await RunDirectory.create(join(made.folder, `run-${Math.random()}`), { ...made.run, config });
    return run.id;
  };
  const id = await idOf(a);
  expect(await idOf(b)).toBe(id);
  expect(await idOf(b, { ...b.run.config, sequences: 3, threads: 1 })).toBe(id);
  expect(await idOf(c)).not.toBe(id);
  expect(await idOf(b, { ...b.run.config, seed: 6 })).not.toBe(id);
});

test("a folder with somebody's files is refused and left alone", async () => {
  const { folder, run } = await material();
  await expect(RunDirectory.create(folder, run)).rejects.toMatchObject({ code: "bad-input" });
  expect((await readdir(folder)).toSorted()).toEqual(["model.gguf", "questions.txt"]);
});

test("a second create does not overwrite a run", async () => {
  const { folder, run } = await material();
  const path = join(folder, "run");
  await (await RunDirectory.create(path, run)).close();
  const before = await readFile(join(path, "env.json"), "utf8");
  await expect(RunDirectory.create(path, run)).rejects.toMatchObject({ code: "run-mismatch" });
  expect(await readFile(join(path, "env.json"), "utf8")).toBe(before);
});

test("one writer at a time; a viewer needs no lock", async () => {
  const { folder, run } = await material();
  await using writer = await RunDirectory.create(join(folder, "run"), run);
  await expect(RunDirectory.open(writer.path, societyConfig)).rejects.toMatchObject({ code: "workspace-locked" });
  expect((await viewRun(writer.path, societyConfig)).id).toBe(writer.id);
});

test("what a killed creation left does not block the next one", async () => {
  const { folder, run } = await material();
  const path = join(folder, "run");
  await mkdir(join(path, "checkpoints"), { recursive: true });
  await writeFile(join(path, "env.json"), "{}");
  await writeFile(join(path, "config.json.12-ab.partial"), '{"version"');
  await writeFile(join(path, "lock"), "");
  await using created = await RunDirectory.create(path, run);
  expect((await viewRun(created.path, societyConfig)).config).toEqual(run.config);
});

test("resume wants the same settings and the same files, and says which differs", async () => {
  const { folder, questions, run } = await material();
  const path = join(folder, "run");
  const first = await RunDirectory.openOrCreate(path, run);
  expect(first.resumed).toBe(false);
  await first.run.close();
  const second = await RunDirectory.openOrCreate(path, run);
  expect(second.resumed).toBe(true);
  await second.run.close();
  const world = { ...run.config.world, setting: "all_bad" as const };
  await expect(RunDirectory.openOrCreate(path, { ...run, config: { ...run.config, world } })).rejects.toMatchObject({
    code: "run-mismatch",
    details: { setting: "world.setting" },
  });
  await writeFile(questions, "Another question?\n");
  await expect(RunDirectory.openOrCreate(path, run)).rejects.toMatchObject({
    code: "run-mismatch",
    details: { path: questions },
  });
  await writeFile(questions, "Who lost it?\n");
  await (await RunDirectory.openOrCreate(path, run)).run.close();
});

test("resume may take other threads, memory and time: they change nothing that a run says", async () => {
  const { folder, model, questions } = await material();
  const config = alignConfig.parse({ model, data: questions });
  const run = { config, schema: alignConfig, files: [model, questions] };
  const path = join(folder, "run");
  await (await RunDirectory.openOrCreate(path, run)).run.close();
  const other = { ...config, threads: 3, activations: "recompute" as const, gpuLayers: 3, maxMinutes: 5 };
  const { run: opened, resumed } = await RunDirectory.openOrCreate(path, { ...run, config: other });
  expect([resumed, opened.config.activations]).toEqual([true, "automatic"]);
  await opened.close();
  await using elsewhere = await RunDirectory.create(join(folder, "other"), { ...run, config: other });
  expect(elsewhere.id).toBe(opened.id);
  const more = RunDirectory.openOrCreate(path, { ...run, config: { ...config, batchTokens: 64 } });
  await expect(more).rejects.toMatchObject({ code: "run-mismatch", details: { setting: "batchTokens" } });
});

test("a run of a newer program, of another kind, damaged or absent gets its own code", async () => {
  const { folder, run } = await material();
  const path = join(folder, "run");
  await (await RunDirectory.create(path, run)).close();
  const file = join(path, "config.json");
  const text = await readFile(file, "utf8");
  const codeWith = async (content: string) => {
    await writeFile(file, content);
    return RunDirectory.open(path, societyConfig).then(
      () => "opened",
      (error: { code: string }) => error.code,
    );
  };
  expect(await codeWith(text.replace('"version": 1', '"version": 2'))).toBe("workspace-newer");
  expect(await codeWith(text.replace('"kind": "society"', '"kind": "align"'))).toBe("run-mismatch");
  expect(await codeWith(text.slice(0, 50))).toBe("data-corrupt");
  expect(await codeWith(text.replace('"rounds": 4', '"rounds": -4'))).toBe("data-corrupt");
  expect(await codeWith(text)).toBe("opened");
  await writeFile(join(path, "lock"), "");
  await writeFile(join(path, "env.json"), "");
  await expect(RunDirectory.open(path, societyConfig)).rejects.toMatchObject({ code: "data-corrupt" });
  await expect(viewRun(join(folder, "nothing"), societyConfig)).rejects.toMatchObject({ code: "run-not-found" });
});
