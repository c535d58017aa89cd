/**
 * Reading JSON lines by bytes. Lines end at 0x0A only: JSON text may hold U+2028 and U+2029, at which Node's readline
 * would cut.
 */
import type { FileHandle } from "node:fs/promises";
import type { z } from "zod";
import { firstComplaint } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";

const lineBreak = 0x0a;
const chunkBytes = 1 << 18;

/** One line without its break; `end` is the offset after the break, `complete` tells whether there was one. */
export interface JournalLine {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly complete: boolean;
}

/** The lines between the bytes `from` (the start of a line) and `size`. Holds one chunk and one line in memory. */
export async function* readLines(handle: FileHandle, size: number, from = 0): AsyncGenerator<JournalLine> {
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let pending: Buffer[] = [];
  let start = from;
  let offset = from;
  while (offset < size) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(chunkBytes, size - offset), offset);
    if (bytesRead === 0) break;
    let next = 0;
    for (;;) {
      const at = chunk.subarray(0, bytesRead).indexOf(lineBreak, next);
      if (at === -1) break;
      pending.push(Buffer.from(chunk.subarray(next, at)));
      const end = offset + at + 1;
      yield {
        bytes: pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending),
        start,
        end,
        complete: true,
      };
      pending = [];
      start = end;
      next = at + 1;
    }
    if (next < bytesRead) pending.push(Buffer.from(chunk.subarray(next, bytesRead)));
    offset += bytesRead;
  }
  if (start < offset) yield { bytes: Buffer.concat(pending), start, end: offset, complete: false };
}

/** The object on a line, or undefined when the bytes are not one whole JSON object. */
export function parseObject(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The record on a line. @throws FolkmootError `data-corrupt` naming path and line (from 1). */
export function parseRecord<T>(bytes: Buffer, schema: z.ZodType<T>, path: string, line: number): T {
  const value = parseObject(bytes);
  if (value === undefined) throw corruptLine(path, line, "the line is not a JSON object");
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw corruptLine(path, line, firstComplaint(parsed.error, value, "the record"));
}

function corruptLine(path: string, line: number, why: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `Line ${line} of ${path} cannot be read: ${why}.`,
    reason: "The file was changed by something else or the disk damaged it.",
    action: "Restore the file from a copy, or remove that line if you can do without it.",
    details: { path, line },
  });
}
