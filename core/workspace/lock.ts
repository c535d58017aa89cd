/**
 * One writer per folder. The lock is a file that names its owner (pid, start time, host); the lock of a dead owner is
 * taken over, so SIGKILL leaves nothing to clean up by hand.
 *
 * Taking over needs care: two newcomers may find the same dead lock. Each must first own the *claim* on that very lock
 * (a lock of the same kind, named by the dead lock's content) and then look again before it replaces it.
 */
import { randomUUID } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { partialPath } from "./atomicFile.ts";
import { sha256 } from "./hash.ts";
import { isAlive, ownIdentity } from "./processIdentity.ts";

export const lockFileName = "lock";

const lockContent = z.object({
  pid: z.number().int().positive(),
  startTime: z.string().nullable(),
  host: z.string(),
  token: z.string(),
});

export interface Lock extends AsyncDisposable {
  readonly path: string;
  /** Removes the lock file if it is still ours; harmless when called twice. */
  release(): Promise<void>;
}

/**
 * Takes the lock at `path`.
 * @throws FolkmootError `workspace-locked` naming the owner's pid when a living process (this one included) holds it.
 */
export async function acquireLock(path: string): Promise<Lock> {
  const content = `${JSON.stringify({ ...(await ownIdentity()), token: randomUUID() })}\n`;
  for (;;) {
    if (await createExclusively(path, content)) return heldLock(path, content);
    const found = await readLock(path);
    if (found === undefined) continue;
    const owner = parseLock(found);
    if (owner !== undefined && (await isAlive(owner))) throw locked(path, owner);
    await using _claim = await acquireLock(`${path}.${sha256(found).slice(0, 12)}`);
    if ((await readLock(path)) !== found) continue;
    await replace(path, content);
    return heldLock(path, content);
  }
}

function heldLock(path: string, content: string): Lock {
  const release = async () => {
    if ((await readLock(path)) === content) await unlink(path);
  };
  return { path, release, [Symbol.asyncDispose]: release };
}

/** Creates the file with its whole content at once (a hard link), or reports that it exists. */
async function createExclusively(path: string, content: string): Promise<boolean> {
  const partial = partialPath(path);
  await writeFile(partial, content, { flag: "wx", flush: true });
  try {
    await link(partial, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code === "EPERM" || code === "ENOTSUP" || code === "EOPNOTSUPP" || code === "ENOSYS")
      return createWithoutLinks(path, content);
    throw error;
  } finally {
    await unlink(partial);
  }
}

/** For file systems without hard links (exFAT): a reader may see the file empty for a moment, see `readLock`. */
async function createWithoutLinks(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx", flush: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function replace(path: string, content: string): Promise<void> {
  const partial = partialPath(path);
  await writeFile(partial, content, { flag: "wx", flush: true });
  await rename(partial, path);
}

async function readLock(path: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const text = await readFile(path, "utf8");
      if (parseLock(text) !== undefined || attempt === 3) return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    await delay(20);
  }
}

function parseLock(text: string): z.infer<typeof lockContent> | undefined {
  try {
    return lockContent.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function locked(path: string, owner: { pid: number; host: string }): FolkmootError {
  const here = owner.pid === process.pid ? "this very process" : `process ${owner.pid} on ${owner.host}`;
  return new FolkmootError("workspace-locked", {
    message: `${path} is held by ${here} (pid ${owner.pid}).`,
    reason: "Another Folkmoot is writing to the same folder.",
    action: `Wait for it or stop it; if ${owner.host} no longer runs it, delete ${path}.`,
    details: { path, pid: owner.pid, host: owner.host },
  });
}
