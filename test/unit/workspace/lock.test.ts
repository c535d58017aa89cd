import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireLock } from "../../../core/workspace/lock.ts";
import { startChild } from "../../support/childScript.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

test("the second writer is refused with the pid of the first, and gets the lock after its release", async () => {
  const path = join(await temporaryFolder(), "lock");
  const child = startChild("holdLock.ts", [path]);
  expect(await child.line(() => true)).toBe("held");
  await expect(acquireLock(path)).rejects.toMatchObject({
    code: "workspace-locked",
    message: expect.stringContaining(`pid ${child.process.pid}`),
    details: { pid: child.process.pid },
  });
  await child.kill();
  const own = await acquireLock(path);
  await expect(acquireLock(path)).rejects.toMatchObject({ code: "workspace-locked", details: { pid: process.pid } });
  await own.release();
  await own.release();
  await using _again = await acquireLock(path);
});

test("of many who find the same dead lock, exactly one takes it over", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "lock");
  const dead = startChild("holdLock.ts", [path]);
  await dead.line(() => true);
  await dead.kill();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(path)));
  const held = results.filter((result) => result.status === "fulfilled");
  expect(held).toHaveLength(1);
  for (const result of results)
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "workspace-locked" });
  expect(JSON.parse(await readFile(path, "utf8")).pid).toBe(process.pid);
  await held[0]?.value.release();
  expect(await readdir(folder)).toEqual([]);
});

test("of several processes that find the same dead lock, exactly one takes it over", async () => {
  const path = join(await temporaryFolder(), "lock");
  const dead = startChild("holdLock.ts", [path]);
  await dead.line(() => true);
  await dead.kill();
  const children = Array.from({ length: 4 }, () => startChild("holdLock.ts", [path]));
  const answers = await Promise.all(children.map((child) => child.line(() => true)));
  expect(answers.toSorted()).toEqual(["held", "workspace-locked", "workspace-locked", "workspace-locked"]);
});

test.runIf(process.platform === "linux")("a pid that the system gave to another process is not its owner", async () => {
  const path = join(await temporaryFolder(), "lock");
  const reused = {
    pid: process.pid,
    startTime: "00000000-0000-0000-0000-000000000000:1",
    host: hostname(),
    token: "t",
  };
  await writeFile(path, JSON.stringify(reused));
  await using lock = await acquireLock(path);
  expect(JSON.parse(await readFile(lock.path, "utf8")).token).not.toBe("t");
});

test("a lock of another host is not touched: its process cannot be seen from here", async () => {
  const path = join(await temporaryFolder(), "lock");
  const content = JSON.stringify({ pid: 1, startTime: null, host: `not-${hostname()}`, token: "t" });
  await writeFile(path, content);
  await expect(acquireLock(path)).rejects.toMatchObject({
    code: "workspace-locked",
    action: expect.stringContaining("delete"),
  });
  expect(await readFile(path, "utf8")).toBe(content);
});

test("an empty lock file, left by a loss of power, does not lock people out", async () => {
  const path = join(await temporaryFolder(), "lock");
  await writeFile(path, "");
  await using lock = await acquireLock(path);
  expect(JSON.parse(await readFile(lock.path, "utf8")).pid).toBe(process.pid);
});
