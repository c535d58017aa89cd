/**
 * Whole files that are either the old one or the new one, whatever happens in between: written beside, fsynced,
 * renamed, and the folder fsynced so that the rename survives a loss of power.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** The four disk operations that an atomic write needs; an argument so that a full disk can be tested. */
export interface AtomicDisk {
  open(path: string, flags: string): Promise<FileHandle>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  fsyncDirectory(path: string): Promise<void>;
}

/** Marks files that are being written; whatever carries it after a crash is rubbish. */
export const partialSuffix = ".partial";

export const realDisk: AtomicDisk = { open, rename, unlink, fsyncDirectory };

/**
 * Replaces `path` with `data`. When anything fails (a full disk included) the old file stays as it was, the partial
 * one is removed and the operating system's error is thrown.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  disk: AtomicDisk = realDisk,
): Promise<void> {
  const partial = partialPath(path);
  try {
    const handle = await disk.open(partial, "wx");
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await disk.rename(partial, path);
  } catch (error) {
    await disk.unlink(partial).catch(() => undefined);
    throw error;
  }
  await disk.fsyncDirectory(dirname(path));
}

/** `value` as indented JSON with a final line break. */
export async function writeJsonAtomic(path: string, value: unknown, disk: AtomicDisk = realDisk): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, disk);
}

/** A name beside `path` that no other writer uses. */
export function partialPath(path: string): string {
  return `${path}.${process.pid}-${randomUUID().slice(0, 8)}${partialSuffix}`;
}

/** Makes created, renamed and removed names in `path` durable. A system that cannot fsync folders is left alone. */
export async function fsyncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Some network and FUSE file systems refuse to fsync a folder; the files themselves are safe.
    if (code !== "EINVAL" && code !== "ENOTSUP" && code !== "EBADF") throw error;
  } finally {
    await handle.close();
  }
}

/** Fsyncs a file that somebody else (a native writer) wrote and closed. */
export async function fsyncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
