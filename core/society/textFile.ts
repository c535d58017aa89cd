/** Text files from outside: question sets and prior memories. */
import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { firstComplaint } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";

/** A UTF-8 file without its byte order mark. @throws FolkmootError `data-not-found`, `data-corrupt` (not UTF-8). */
export async function readTextFile(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EISDIR") throw error;
    throw new FolkmootError(
      "data-not-found",
      { message: `There is no file ${path}.`, action: "Check the path.", details: { path } },
      { cause: error },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw corruptText(path, null, "it is not UTF-8 text");
  }
}

/** One JSON value per non-empty line. @throws FolkmootError `data-corrupt` naming the line. */
export function parseJsonLines<T>(path: string, text: string, schema: z.ZodType<T>): T[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw corruptText(path, i + 1, "it is not JSON");
    }
    return [parseWith(path, schema, value, i + 1)];
  });
}

/** `value` by `schema`. `item`: its line or place in the file, from 1. */
export function parseWith<T>(path: string, schema: z.ZodType<T>, value: unknown, item: number): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw corruptText(path, item, firstComplaint(parsed.error, value));
}

export function corruptText(path: string, line: number | null, why: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `${line === null ? path : `Entry ${line} of ${path}`} cannot be read: ${why}.`,
    reason: "The file is not in the format that its name promises.",
    action: "Correct the file, or choose another one.",
    details: { path, ...(line === null ? {} : { line }) },
  });
}
