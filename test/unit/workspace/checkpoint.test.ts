import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { latestCheckpoint, listCheckpoints, saveCheckpoint } from "../../../core/workspace/checkpoint.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const schema = z.object({ cursor: z.number() });

async function save(directory: string, step: number, keep?: number): Promise<void> {
  const files = {
    "adapter.gguf": (path: string) => writeFile(path, `adapter ${step}`),
    "optimizer.bin": (path: string) => writeFile(path, `moments ${step}`),
  };
  await saveCheckpoint(directory, { step, files, state: { cursor: step * 8 } }, keep);
}

test("the newest checkpoint comes back with files and state; only the last N stay", async () => {
  const directory = join(await temporaryFolder(), "checkpoints");
  expect(await latestCheckpoint(directory, schema)).toBeUndefined();
  for (const step of [9, 10, 100, 200]) await save(directory, step, 2);
  const latest = await latestCheckpoint(directory, schema);
  expect(latest).toMatchObject({ step: 200, state: { cursor: 1600 } });
  expect(await readFile(latest?.adapter ?? "", "utf8")).toBe("adapter 200");
  expect(await readFile(latest?.file("optimizer.bin") ?? "", "utf8")).toBe("moments 200");
  expect((await listCheckpoints(directory, schema)).map(({ step }) => step)).toEqual([200, 100]);
});

test("a pair in which anything is damaged or missing does not exist; the one before it does", async () => {
  const damages: Record<string, (folder: string) => Promise<void>> = {
    "adapter cut": (folder) => truncate(join(folder, "adapter.gguf"), 3),
    "adapter changed, same size": (folder) => writeFile(join(folder, "adapter.gguf"), "adapter 21"),
    "adapter missing": (folder) => rm(join(folder, "adapter.gguf")),
    "moments of another step": (folder) => writeFile(join(folder, "optimizer.bin"), "moments 10"),
    "state missing": (folder) => rm(join(folder, "state.json")),
    "state cut": (folder) => truncate(join(folder, "state.json"), 40),
    "state empty": (folder) => truncate(join(folder, "state.json"), 0),
    "cursor changed": async (folder) => {
      const path = join(folder, "state.json");
      await writeFile(path, (await readFile(path, "utf8")).replace('"cursor": 160', '"cursor": 161'));
    },
    "state gone from the state file": (folder) =>
      writeFile(join(folder, "state.json"), '{"version":1,"step":20,"files":{},"stateSha256":""}'),
  };
  for (const [name, damage] of Object.entries(damages)) {
    const directory = await temporaryFolder();
    await save(directory, 10);
    await save(directory, 20);
    await damage(join(directory, "step-00000020"));
    expect(await latestCheckpoint(directory, schema), name).toMatchObject({ step: 10, state: { cursor: 80 } });
    await save(directory, 20);
    expect(await latestCheckpoint(directory, schema), name).toMatchObject({ step: 20 });
  }
});

test("a writer killed before its state was there leaves nothing that counts, and the next save cleans it up", async () => {
  const directory = await temporaryFolder();
  await save(directory, 10);
  await mkdir(join(directory, "step-00000020.partial"));
  await writeFile(join(directory, "step-00000020.partial", "adapter.gguf"), "adapter 20");
  expect(await latestCheckpoint(directory, schema)).toMatchObject({ step: 10 });
  await save(directory, 30);
  expect((await readdir(directory)).toSorted()).toEqual(["step-00000010", "step-00000030"]);
});

test("a writer that fails keeps the checkpoint before", async () => {
  const directory = await temporaryFolder();
  await save(directory, 10, 1);
  const failing = {
    "adapter.gguf": async (path: string) => {
      await writeFile(path, "half");
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    },
  };
  await expect(saveCheckpoint(directory, { step: 20, files: failing, state: { cursor: 0 } }, 1)).rejects.toThrow();
  expect(await latestCheckpoint(directory, schema)).toMatchObject({ step: 10 });
});
