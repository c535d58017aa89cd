import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toFolkmootError } from "../../../core/contract/errors.ts";
import { realDisk, writeFileAtomic } from "../../../core/workspace/atomicFile.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

test("a full disk in the middle of a write leaves the old file and no rubbish", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "config.json");
  await writeFile(path, "old");
  const fullDisk = {
    ...realDisk,
    open: async (file: string, flags: string) => {
      const handle = await realDisk.open(file, flags);
      handle.writeFile = async () => {
        await handle.write("half of the ne");
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", path: file });
      };
      return handle;
    },
  };
  const failure = await writeFileAtomic(path, "half of the new content", fullDisk).catch((error: unknown) => error);
  expect(toFolkmootError(failure).code).toBe("disk-full");
  expect(await readFile(path, "utf8")).toBe("old");
  expect(await readdir(folder)).toEqual(["config.json"]);
});

test("the content is on the disk before the name points at it, and the name before the call returns", async () => {
  const folder = await temporaryFolder();
  const order: string[] = [];
  const path = join(folder, "state.json");
  await writeFileAtomic(path, "new", {
    open: async (file, flags) => {
      const handle = await realDisk.open(file, flags);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        order.push(`fsync ${await readFile(file, "utf8")}`);
        await sync();
      };
      return handle;
    },
    rename: async (from, to) => {
      order.push("rename");
      await realDisk.rename(from, to);
    },
    unlink: realDisk.unlink,
    fsyncDirectory: async (directory) => {
      order.push("fsync folder");
      await realDisk.fsyncDirectory(directory);
    },
  });
  expect(order).toEqual(["fsync new", "rename", "fsync folder"]);
  expect(await readdir(folder)).toEqual(["state.json"]);
});
