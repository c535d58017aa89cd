/** Folders in places that a person named. */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FolkmootError } from "../contract/errors.ts";

/**
 * Makes a folder with its parents; one that is there stays. Node's own recursive `mkdir` never returns, and cannot be
 * stopped, where the parent is there and yet the system answers that it is not (procfs, mounts that make their own folders).
 * @throws FolkmootError `read-only` where nothing can be made below what is there; the disk's errors.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  try {
    await mkdir(path);
  } catch (error) {
    // Made by someone else in between.
    if (await isFolder(path)) return;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST" && code !== "ENOTDIR") throw error;
    throw new FolkmootError(
      "read-only",
      {
        message: `The folder ${path} cannot be made.`,
        reason: code === "EEXIST" ? "A file has its name." : `${parent} takes no folders.`,
        action: "Name another place.",
        details: { path },
      },
      { cause: error },
    );
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() ?? false;
}
