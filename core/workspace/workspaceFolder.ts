/**
 * A workspace is a folder:
 *
 *   workspace.json  lock  annotations.jsonl  index.db
 *   runs/  data/  exports/  trash/  cache/
 *
 * workspace.json (lowdb) holds settings, names and the list of models; everything else in it can be read from the
 * folders again. One program at a time.
 */
import { readFile, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Adapter, Low } from "lowdb";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { serializedError } from "../contract/jobs.ts";
import { settings } from "../contract/workbench/machine.ts";
import { measuredMemory } from "../contract/workbench/models.ts";
import { writeJsonAtomic } from "./atomicFile.ts";
import { acquireLock, type Lock, lockFileName } from "./lock.ts";
import { makeFolder } from "./makeFolder.ts";

export const workspaceVersion = 1;
const workspaceFileName = "workspace.json";

export const workspaceFile = z.object({
  version: z.literal(workspaceVersion),
  settings: settings.prefault({}),
  models: z.array(z.object({ path: z.string(), added: z.number() })).default([]),
  /** By run: what its folder does not say. */
  runs: z
    .record(z.string(), z.object({ name: z.string().optional(), error: serializedError.nullable().optional() }))
    .default({}),
  /** Exports that were written outside of the workspace. */
  exports: z.array(z.string()).default([]),
  /** By model file and shape: bytes after a load. */
  measured: z.record(z.string(), measuredMemory).default({}),
});
export type WorkspaceFile = z.infer<typeof workspaceFile>;

const emptyFile = (): WorkspaceFile => workspaceFile.parse({ version: workspaceVersion });

export class WorkspaceFolder implements AsyncDisposable {
  readonly path: string;
  /** Where a workspace.json went that could not be read; null when there was none. */
  readonly setAside: string | null;
  private readonly lock: Lock;
  private readonly database: Low<WorkspaceFile>;
  /** One change after the other, so that taking one back takes back no other. */
  private updating: Promise<void> = Promise.resolve();

  private constructor(path: string, lock: Lock, database: Low<WorkspaceFile>, setAside: string | null) {
    this.path = path;
    this.lock = lock;
    this.database = database;
    this.setAside = setAside;
  }

  /**
   * Opens or makes the workspace.
   * @throws FolkmootError `workspace-locked`; `workspace-newer`; the disk's errors.
   */
  static async open(path: string): Promise<WorkspaceFolder> {
    const folder = resolve(path);
    for (const name of ["runs", "data", "exports", "trash"]) await makeFolder(join(folder, name));
    const lock = await acquireLock(join(folder, lockFileName));
    try {
      const file = join(folder, workspaceFileName);
      const { content, setAside } = await readWorkspaceFile(file);
      const database = new Low<WorkspaceFile>(fileAdapter(file, content), emptyFile());
      await database.read();
      return new WorkspaceFolder(folder, lock, database, setAside);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get runs(): string {
    return join(this.path, "runs");
  }
  get data(): string {
    return join(this.path, "data");
  }
  get exports(): string {
    return join(this.path, "exports");
  }
  get trash(): string {
    return join(this.path, "trash");
  }
  /** What runs need not compute twice (reference log-probabilities, measured memory); may be deleted. */
  get cache(): string {
    return join(this.path, "cache");
  }

  get content(): Readonly<WorkspaceFile> {
    return this.database.data;
  }

  /** Changes the file's content and writes it whole. When the disk refuses, the old content stays in force. */
  update(change: (content: WorkspaceFile) => void): Promise<void> {
    const updated = this.updating.then(async () => {
      const before = structuredClone(this.database.data);
      try {
        await this.database.update(change);
      } catch (error) {
        this.database.data = before;
        throw error;
      }
    });
    this.updating = updated.catch(() => undefined);
    return updated;
  }

  async close(): Promise<void> {
    await this.updating;
    await this.lock.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** lowdb's own file adapter does not fsync; ours is the workspace's atomic write. */
function fileAdapter(path: string, content: WorkspaceFile): Adapter<WorkspaceFile> {
  return { read: async () => content, write: (data) => writeJsonAtomic(path, data) };
}

/** A file that is damaged is set aside, not overwritten: the folders hold what matters. */
async function readWorkspaceFile(path: string): Promise<{ content: WorkspaceFile; setAside: string | null }> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { content: emptyFile(), setAside: null };
    throw error;
  }
  const value = parseJson(text);
  const version = z.object({ version: z.number() }).safeParse(value).data?.version;
  if (version !== undefined && version > workspaceVersion)
    throw new FolkmootError("workspace-newer", {
      message: `${path} was written by a newer Folkmoot (format ${version}, this program reads up to ${workspaceVersion}).`,
      action: "Open it with that newer version, or choose another workspace.",
      details: { path, version },
    });
  const parsed = workspaceFile.safeParse(value);
  if (parsed.success) return { content: parsed.data, setAside: null };
  const setAside = `${path}.damaged-${Date.now()}`;
  await rename(path, setAside);
  return { content: emptyFile(), setAside };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
