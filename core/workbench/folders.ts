/** Folders as a chooser shows them, for faces without the system's own dialogs. */
import { readdir, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, parse, resolve } from "node:path";
import { FolkmootError } from "../contract/errors.ts";

const mostEntries = 2000;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly kind: "folder" | "file";
  readonly bytes: number | null;
  readonly modified: number;
}

/**
 * Hidden entries and those that cannot be read are left out; with `endings`, files with other endings too.
 * @throws FolkmootError `data-not-found`, `read-only`.
 */
export async function listFolder(path: string | null, endings: readonly string[], workspace: string) {
  const folder = resolve(path ?? homedir());
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    throw new FolkmootError("data-not-found", {
      message: error.code === "ENOTDIR" ? `${folder} is not a folder.` : `There is no folder ${folder}.`,
      action: "Choose another one.",
      details: { path: folder },
    });
  });
  const wanted = endings.map((ending) => `.${ending.toLowerCase()}`);
  const entries = (await Promise.all(names.filter(isVisible).map((name) => entryOf(folder, name))))
    .filter((entry) => entry !== null)
    .filter(
      ({ kind, name }) =>
        kind === "folder" || wanted.length === 0 || wanted.some((ending) => name.toLowerCase().endsWith(ending)),
    )
    .sort((a, b) => (a.kind === b.kind ? a.name.localeCompare(b.name) : a.kind === "folder" ? -1 : 1));
  const parent = dirname(folder);
  return {
    path: folder,
    parent: parent === folder ? null : parent,
    entries: entries.slice(0, mostEntries),
    more: Math.max(0, entries.length - mostEntries),
    places: [
      { name: "Home", path: homedir() },
      { name: "Workspace", path: workspace },
      { name: "Computer", path: parse(folder).root },
    ],
  };
}

function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

async function entryOf(folder: string, name: string): Promise<Entry | null> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => null);
  if (found === null || !(found.isDirectory() || found.isFile())) return null;
  const kind = found.isDirectory() ? "folder" : "file";
  return { name, path, kind, bytes: kind === "file" ? found.size : null, modified: found.mtimeMs };
}
