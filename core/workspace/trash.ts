/** What was removed lies in trash/<id>/ until it is restored or old enough to go: a rename there, a rename back. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { fsyncDirectory, writeJsonAtomic } from "./atomicFile.ts";

const entryFileName = "entry.json";
const day = 24 * 60 * 60 * 1000;
export const daysInTrash = 30;

const trashEntry = z.object({
  version: z.literal(1),
  /** Where the files stood. */
  from: z.array(z.string()).min(1),
  at: z.number(),
  message: z.string(),
});

export interface Trashed extends z.infer<typeof trashEntry> {
  readonly id: string;
  readonly expires: number;
}

/**
 * Moves files or folders away. What is moved is written down first, so a program killed in between leaves nothing that
 * could not be restored.
 */
export async function moveToTrash(trash: string, paths: readonly string[], message: string, at: number) {
  const id = randomUUID();
  const folder = join(trash, id);
  await mkdir(folder);
  await writeJsonAtomic(join(folder, entryFileName), { version: 1, from: paths, at, message });
  for (const path of paths) await moveIfThere(path, join(folder, basename(path)));
  return id;
}

/** @throws FolkmootError `run-not-found` when it is gone; `run-mismatch` when something else stands in its place. */
export async function restoreFromTrash(trash: string, id: string): Promise<Trashed> {
  const entry = await readEntry(trash, id);
  if (entry === undefined) throw gone();
  for (const path of entry.from)
    if (await exists(path))
      throw new FolkmootError("run-mismatch", {
        message: `${path} is there again, so the removed one cannot go back.`,
        action: "Move the new one away first.",
        details: { path },
      });
  for (const path of entry.from) {
    await mkdir(dirname(path), { recursive: true });
    await moveIfThere(join(trash, id, basename(path)), path);
  }
  await rm(join(trash, id), { recursive: true, force: true });
  return entry;
}

/** Newest first. */
export async function listTrash(trash: string): Promise<Trashed[]> {
  const names = await readdir(trash);
  const entries = await Promise.all(names.map((name) => readEntry(trash, name)));
  return entries.filter((entry) => entry !== undefined).sort((a, b) => b.at - a.at);
}

/** Deletes for good what has lain there for more than 30 days. */
export async function purgeTrash(trash: string, now: number): Promise<void> {
  for (const { id, expires } of await listTrash(trash))
    if (expires < now) await rm(join(trash, id), { recursive: true, force: true });
}

async function readEntry(trash: string, id: string): Promise<Trashed | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
  try {
    const entry = trashEntry.parse(JSON.parse(await readFile(join(trash, id, entryFileName), "utf8")));
    return { ...entry, id, expires: entry.at + daysInTrash * day };
  } catch {
    return undefined;
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await fsyncDirectory(dirname(from));
    await fsyncDirectory(dirname(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function gone(): FolkmootError {
  return new FolkmootError("run-not-found", {
    message: "This can no longer be taken back.",
    reason: `What is removed is kept for ${daysInTrash} days.`,
    action: "Restore it from a copy.",
  });
}
