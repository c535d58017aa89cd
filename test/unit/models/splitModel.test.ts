/** A model in several files is one model: described, hashed, recorded and listed as such. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adviseMemory } from "../../../core/alignment/memory/advice.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { checkAdapterHeader } from "../../../core/models/adapterChecks.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { inspectModel } from "../../../core/models/inspect.ts";
import { checkModelFiles } from "../../../core/models/modelChecks.ts";
import { modelFiles } from "../../../core/models/splitModel.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { hashFile, hashModel } from "../../../core/workspace/hash.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { listedPath } from "../../../renderer/format/paths.ts";
import { splitModel } from "../../support/splitModel.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const fixture = (name: string) => join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", name);
const whole = fixture("model.gguf");
const options = { hash: true, sequences: 4, contextSize: null };

const noHost = () => {
  throw new Error("A host was started for nothing.");
};

describe("inspection of a split model", () => {
  it("says of any part what it says of the whole, and names every file", async () => {
    const paths = await splitModel(whole, await temporaryFolder());
    const expected = await inspectModel(whole, options);
    for (const path of paths) {
      const found = await inspectModel(path, options);
      const { files, bytes, hash } = found;
      expect(found).toEqual({ ...expected, path: paths[0], files, bytes, hash });
      expect(found.trainable).toEqual({ possible: true, reason: null });
      expect(files.map((file) => file.path)).toEqual(paths);
      expect(bytes).toBe(files.reduce((sum, file) => sum + file.bytes, 0));
      expect(found.memory?.weights).toBe(expected.memory?.weights);
      for (const file of files) expect(file.hash).toBe(await hashFile(file.path));
    }
  });

  it("is the same for the training's memory, but for the bytes of three headers", async () => {
    const [path = ""] = await splitModel(whole, await temporaryFolder());
    const [one, three] = [trainingShape(await readGgufHeader(whole)), trainingShape(await readGgufHeader(path))];
    expect(three).toEqual({ ...one, fileBytes: three.fileBytes });
    const settings = alignConfig.parse({ model: path, data: "d", loss: { id: "sft" } });
    const machine = { available: 1e9, total: 1e9 };
    const [a, b] = [adviseMemory(one, settings, machine).estimate, adviseMemory(three, settings, machine).estimate];
    expect(b.total - a.total).toBe(three.fileBytes - one.fileBytes);
    expect(three.fileBytes).toBeGreaterThan(one.fileBytes);
  });

  it("names a missing part before a run is made of it", async () => {
    const paths = await splitModel(whole, await temporaryFolder());
    await rm(paths[1] as string);
    const missing = { code: "model-not-found", message: expect.stringContaining(paths[1] as string) };
    await expect(checkModelFiles([paths[0] as string])).rejects.toMatchObject(missing);
    await expect(inspectModel(paths[2] as string, options)).rejects.toMatchObject(missing);
  });

  it("an adapter in several files is refused, since llama.cpp would read one", async () => {
    const [path = ""] = await splitModel(fixture("adapter.gguf"), await temporaryFolder());
    const header = await readGgufHeader(path);
    expect(() => checkAdapterHeader(header)).toThrow(/adapter in several files/);
  });
});

describe("the hash of a split model", () => {
  it("is that of the file for one file, and covers every part in order for several", async () => {
    const folder = await temporaryFolder();
    const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
    expect(await hashModel(whole)).toBe(sha256(await readFile(whole)));
    const paths = await splitModel(whole, folder);
    const lines = await Promise.all(paths.map(async (path) => `${sha256(await readFile(path))}\n`));
    for (const path of paths) expect(await hashModel(path)).toBe(sha256(lines.join("")));
    const last = await readFile(paths[2] as string);
    last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
    await writeFile(paths[2] as string, last);
    expect(await hashModel(paths[0] as string)).not.toBe(sha256(lines.join("")));
  });

  it("every file stands in the run, and a run does not go on with another third part", async () => {
    const folder = await temporaryFolder();
    const paths = await splitModel(whole, folder);
    const data = join(folder, "data.json");
    await writeFile(data, "[]");
    const config = alignConfig.parse({ model: paths[1], data, loss: { id: "sft" } });
    const spec = { config, schema: alignConfig, files: [config.model, data] };
    const { run } = await RunDirectory.openOrCreate(join(folder, "run"), spec);
    expect(Object.keys(run.environment.files)).toEqual([...paths, data]);
    expect(run.environment.files[paths[2] as string]).toBe(await hashFile(paths[2] as string));
    await run.close();
    await copyFile(paths[1] as string, paths[2] as string);
    await expect(RunDirectory.openOrCreate(join(folder, "run"), spec)).rejects.toMatchObject({
      code: "run-mismatch",
      message: expect.stringContaining(paths[2] as string),
    });
  });

  it("names alone say which files belong together", () => {
    expect(modelFiles("/a/m.gguf")).toEqual(["/a/m.gguf"]);
    expect(modelFiles("/a/m-00001-of-00001.gguf")).toEqual(["/a/m-00001-of-00001.gguf"]);
    expect(modelFiles("/a/m-00002-of-00002.gguf")).toEqual(["/a/m-00001-of-00002.gguf", "/a/m-00002-of-00002.gguf"]);
    expect(modelFiles("/a/m-2-of-3.gguf")).toHaveLength(1);
    expect(modelFiles("/a/rows-00001-of-00002.json")).toHaveLength(1);
  });
});

describe("the list of models", () => {
  it("has a split model once, under its first file, whichever part was named or found", async () => {
    const folder = await temporaryFolder();
    const [models, workspace] = [join(folder, "models"), join(folder, "workspace")];
    await using workbench = await openWorkbench({
      workspace,
      hosts: { engine: noHost, trainer: noHost },
      resources: null,
    });
    const client = workbenchClient(workbench);
    const paths = await splitModel(whole, await temporaryFolder(), { name: "first" });
    const library = await client.models.add({ path: paths[2] as string });
    expect(library.models.map(({ path }) => path)).toEqual([paths[0]]);
    expect(listedPath(library.models, paths[2] as string)).toBe(paths[0]);
    await client.models.add({ path: paths[1] as string });
    expect((await client.models.list()).models).toHaveLength(1);

    await mkdir(models);
    const scanned = await splitModel(whole, models, { name: "second", sizes: [0, 3, 4] });
    const [orphan = ""] = await splitModel(whole, models, {
      name: "third",
      alter: (part, i) => (i === 0 ? null : part),
    });
    const found = await client.models.scan({ folder: models });
    expect(found.added).toEqual([scanned[0]]);
    expect(found.refused).toHaveLength(1);
    expect(found.refused[0]?.reason).toContain(orphan);
    expect(await client.models.scan({ folder: models })).toMatchObject({ added: [], known: 1 });
  });

  it("notices when a part disappears", async () => {
    const folder = await temporaryFolder();
    await using workbench = await openWorkbench({
      workspace: join(folder, "workspace"),
      hosts: { engine: noHost, trainer: noHost },
      resources: null,
    });
    const client = workbenchClient(workbench);
    const paths = await splitModel(whole, folder);
    await client.models.add({ path: paths[0] as string });
    await rm(paths[2] as string);
    const [entry] = (await client.models.list()).models;
    expect(entry?.problem).toMatchObject({
      code: "model-not-found",
      message: expect.stringContaining(paths[2] as string),
    });
  });
});
