/**
 * Append-only JSON lines, the truth about a run. A batch is one write and one fsync; what `append` has acknowledged
 * survives SIGKILL and loss of power; what it has not may leave a torn tail, which `open` repairs.
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { fsyncDirectory } from "./atomicFile.ts";
import { parseObject, parseRecord, readLines } from "./journalLines.ts";

export interface JournalOptions {
  /** Fsync after every batch; default true. False only for what may be lost (events). */
  readonly durable?: boolean;
}

export class Journal<T extends object> implements AsyncDisposable {
  readonly path: string;
  /** Bytes of torn tail that `open` cut off. */
  readonly repairedBytes: number;
  private readonly handle: FileHandle;
  private readonly schema: z.ZodType<T>;
  private readonly durable: boolean;
  private bytes: number;
  private lines: number;
  private queue: Promise<unknown> = Promise.resolve();
  private broken: unknown;

  private constructor(opened: {
    path: string;
    handle: FileHandle;
    schema: z.ZodType<T>;
    durable: boolean;
    tail: RepairedTail;
  }) {
    this.path = opened.path;
    this.handle = opened.handle;
    this.schema = opened.schema;
    this.durable = opened.durable;
    this.bytes = opened.tail.bytes;
    this.lines = opened.tail.lines;
    this.repairedBytes = opened.tail.removed;
  }

  /**
   * Opens or creates a journal and repairs its tail: a last line that is incomplete or no JSON object is cut off; a
   * last object that lacks only its line break is kept (JSON objects are prefix-free, so it is whole). Lines before
   * the last are checked when they are read.
   */
  static async open<T extends object>(
    path: string,
    schema: z.ZodType<T>,
    { durable = true }: JournalOptions = {},
  ): Promise<Journal<T>> {
    const handle = await open(path, "a+");
    try {
      const tail = await repairTail(handle);
      await fsyncDirectory(dirname(path));
      return new Journal({ path, handle, schema, durable, tail });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Records in the journal. */
  get count(): number {
    return this.lines;
  }

  /**
   * Appends a batch with one write and one fsync; concurrent calls keep their order. When the write fails, the file is
   * cut back to its last acknowledged record, so that a later append cannot glue two records together.
   */
  append(records: readonly T[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const data = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(""), "utf8");
    const appended = this.queue.then(() => this.write(data, records.length));
    this.queue = appended.catch(() => undefined);
    return appended;
  }

  /** The records acknowledged so far, one after the other. @throws FolkmootError `data-corrupt` with path and line. */
  async *read(): AsyncGenerator<T> {
    let line = 0;
    for await (const { bytes } of readLines(this.handle, this.bytes)) {
      line++;
      yield parseRecord(bytes, this.schema, this.path, line);
    }
  }

  /** Waits for appends in flight and closes the file. */
  async close(): Promise<void> {
    await this.queue;
    await this.handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async write(data: Buffer, lines: number): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    try {
      await writeWhole(this.handle, data);
      if (this.durable) await this.handle.datasync();
    } catch (error) {
      await this.handle.truncate(this.bytes).catch((second: unknown) => {
        this.broken = second;
      });
      throw error;
    }
    this.bytes += data.length;
    this.lines += lines;
  }
}

/**
 * Reads a journal that another process may be writing: no lock, no repair; a torn last line is left out.
 * A file that does not exist has no records.
 */
export async function* readJournal<T extends object>(path: string, schema: z.ZodType<T>): AsyncGenerator<T> {
  const handle = await openForReading(path);
  if (handle === undefined) return;
  try {
    const { size } = await handle.stat();
    let line = 0;
    for await (const { bytes, end } of readLines(handle, size)) {
      line++;
      if (end === size && parseObject(bytes) === undefined) return;
      yield parseRecord(bytes, schema, path, line);
    }
  } finally {
    await handle.close();
  }
}

interface RepairedTail {
  readonly bytes: number;
  readonly lines: number;
  readonly removed: number;
}

async function repairTail(handle: FileHandle): Promise<RepairedTail> {
  const { size } = await handle.stat();
  let lines = 0;
  let last: { bytes: Buffer; start: number; complete: boolean } | undefined;
  for await (const line of readLines(handle, size)) {
    lines++;
    last = line;
  }
  if (last === undefined) return { bytes: 0, lines: 0, removed: 0 };
  if (parseObject(last.bytes) === undefined) {
    await handle.truncate(last.start);
    await handle.sync();
    return { bytes: last.start, lines: lines - 1, removed: size - last.start };
  }
  if (last.complete) return { bytes: size, lines, removed: 0 };
  await writeWhole(handle, Buffer.from("\n"));
  await handle.sync();
  return { bytes: size + 1, lines, removed: 0 };
}

async function writeWhole(handle: FileHandle, data: Buffer): Promise<void> {
  let written = 0;
  while (written < data.length) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, null);
    if (bytesWritten === 0) throw new FolkmootError("disk-full", shortWrite);
    written += bytesWritten;
  }
}

const shortWrite = {
  message: "The disk took no more of a journal.",
  action: "Free some space, then resume; nothing that was written before is lost.",
};

async function openForReading(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
