/** SHA-256 of texts and files. Files are streamed; a file that did not change is hashed once per process. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import { modelFiles } from "../models/splitModel.ts";

const cacheEntries = 256;
const chunkBytes = 1 << 20;

/** Lower-case hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Remembers hashes by (path, size, times, inode), the last 256 of them. */
export class FileHashes {
  private readonly known = new Map<string, Promise<string>>();

  /**
   * SHA-256 of a file, lower-case hex.
   * @throws FolkmootError `data-not-found` when there is no such file; `cancelled` when `signal` aborts.
   */
  async hash(path: string, signal?: AbortSignal): Promise<string> {
    const absolute = resolve(path);
    const key = await fileKey(absolute);
    const known = this.known.get(key);
    if (known !== undefined) {
      this.known.delete(key);
      this.known.set(key, known);
      return known;
    }
    const computed = hashStream(absolute, signal);
    this.known.set(key, computed);
    const [oldest] = this.known.keys();
    if (this.known.size > cacheEntries && oldest !== undefined) this.known.delete(oldest);
    try {
      const hash = await computed;
      // Changed while it was read: the hash belongs to no state of the file.
      if ((await fileKey(absolute)) === key) return hash;
    } catch (error) {
      this.known.delete(key);
      throw error;
    }
    this.known.delete(key);
    return this.hash(absolute, signal);
  }
}

const shared = new FileHashes();

/**
 * What a model is known by: SHA-256 of its file. Of a model in several files it is that of the files' hashes, in order,
 * one a line: `sha256sum NAME-*.gguf | cut -d" " -f1 | sha256sum`.
 *
 * @param path any of the files
 * @throws as `FileHashes.hash`
 */
export async function hashModel(path: string, signal?: AbortSignal): Promise<string> {
  const hashes: string[] = [];
  for (const file of modelFiles(path)) hashes.push(await hashFile(file, signal));
  return hashes.length === 1 ? (hashes[0] as string) : sha256(hashes.map((hash) => `${hash}\n`).join(""));
}

/** `FileHashes.hash` with the process-wide cache. */
export function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  return shared.hash(path, signal);
}

/** Status-change time and inode are part of the key: a copy that restores size and mtime is still seen. */
async function fileKey(path: string): Promise<string> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
    return [path, size, mtimeNs, ctimeNs, ino].join("|");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new FolkmootError(
      "data-not-found",
      { message: `There is no file ${path}.`, action: "Check the path.", details: { path } },
      { cause: error },
    );
  }
}

async function hashStream(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  const stream = createReadStream(path, { highWaterMark: chunkBytes, ...(signal === undefined ? {} : { signal }) });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
