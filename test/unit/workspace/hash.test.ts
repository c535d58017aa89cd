import { stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FileHashes, hashFile } from "../../../core/workspace/hash.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

test("the published test vector, and a file larger than one chunk", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "abc"), "abc");
  expect(await hashFile(join(folder, "abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await writeFile(join(folder, "million"), "a".repeat(1_000_000));
  expect(await hashFile(join(folder, "million"))).toBe(
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
  await writeFile(join(folder, "large"), Buffer.alloc(3_000_000));
  const large = await hashFile(join(folder, "large"));
  await writeFile(join(folder, "large"), Buffer.alloc(3_000_001));
  expect(await hashFile(join(folder, "large"))).not.toBe(large);
});

test("a swapped file with the same size and modification time is not taken for the old one", async () => {
  const path = join(await temporaryFolder(), "model.gguf");
  const hashes = new FileHashes();
  await writeFile(path, "first");
  const { atime, mtime } = await stat(path);
  const before = await hashes.hash(path);
  await writeFile(path, "other");
  await utimes(path, atime, mtime);
  expect(await hashes.hash(path)).not.toBe(before);
});

test("a missing file is named", async () => {
  await expect(hashFile("/nowhere/model.gguf")).rejects.toMatchObject({
    code: "data-not-found",
    message: expect.stringContaining("/nowhere/model.gguf"),
  });
});
