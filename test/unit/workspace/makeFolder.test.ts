import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeFolder } from "../../../core/workspace/makeFolder.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

it("makes a folder with its parents, also when several ask at once, and leaves one that is there", async () => {
  const path = join(await temporaryFolder(), "a", "b", "c");
  await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(path, "d"))]);
  await makeFolder(path);
  expect((await stat(join(path, "d"))).isDirectory()).toBe(true);
});

it("says that a file has the name", async () => {
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "");
  await expect(makeFolder(join(file, "below"))).rejects.toMatchObject({ code: "read-only", reason: /has its name/ });
});

// Node's recursive mkdir turns for ever here: an export, once begun, could not even be stopped.
it.skipIf(!existsSync("/proc/self"))("comes back where a file system makes its own folders", async () => {
  await expect(makeFolder("/proc/nowhere/x")).rejects.toMatchObject({ code: "read-only" });
});
