/** Reads the objects of a JSON array or of a jsonl file one by one, so that a file may be larger than memory. */
import { createReadStream } from "node:fs";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";

export interface JsonObject {
  /** From 1: the n-th object of the file. */
  readonly row: number;
  readonly value: unknown;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Yields every top-level object of `path`, which is either `[{…}, …]` or one object after another.
 * @throws data-not-found, or data-corrupt naming the row: not UTF-8, not JSON, cut off, something else than an object
 */
export async function* readJsonObjects(path: string): AsyncGenerator<JsonObject> {
  const scanner = new ObjectScanner(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw corrupt(path, scanner.row + 1, "it is not UTF-8 text", error);
    }
  };
  try {
    for await (const bytes of createReadStream(path)) yield* scanner.feed(decode(bytes as Uint8Array));
  } catch (error) {
    throw openError(path, error);
  }
  yield* scanner.feed(decode());
  scanner.end();
}

/** Splits text into the top-level objects by braces outside strings; what is inside is left to JSON.parse. */
class ObjectScanner {
  row = 0;
  private readonly path: string;
  /** Text of the object under way that earlier chunks held. */
  private pending: string[] = [];
  private depth = 0;
  private inString = false;
  private escaped = false;
  private inArray = false;
  private closed = false;

  constructor(path: string) {
    this.path = path;
  }

  *feed(text: string): Generator<JsonObject> {
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (this.depth === 0) {
        if (code === openBrace && !this.closed) {
          this.depth = 1;
          start = i;
        } else this.between(text[i] as string);
      } else if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (code === backslash) this.escaped = true;
        else if (code === quote) this.inString = false;
      } else if (code === quote) this.inString = true;
      else if (code === openBrace) this.depth++;
      else if (code === closeBrace && --this.depth === 0) {
        this.pending.push(text.slice(start, i + 1));
        yield this.parse();
      }
    }
    if (this.depth > 0) this.pending.push(text.slice(start));
  }

  end(): void {
    if (this.depth > 0) throw corrupt(this.path, this.row + 1, "the file ends in the middle of it");
    if (this.inArray && !this.closed)
      throw corrupt(this.path, this.row + 1, "the closing bracket of the list is missing");
  }

  /** A character outside every object: white space, commas and one pair of brackets are all that may stand there. */
  private between(character: string): void {
    if (/[\s,\uFEFF]/.test(character)) return;
    if (character === "[" && !this.inArray && this.row === 0) this.inArray = true;
    else if (character === "]" && this.inArray && !this.closed) this.closed = true;
    else throw corrupt(this.path, this.row + 1, `it is no JSON object (found ${JSON.stringify(character)})`);
  }

  private parse(): JsonObject {
    const text = this.pending.join("");
    this.pending = [];
    this.row++;
    try {
      return { row: this.row, value: JSON.parse(text) };
    } catch (error) {
      const reason = /:\s*-?(NaN|Infinity)|[[,]\s*-?(NaN|Infinity)/.test(text)
        ? "it holds NaN or Infinity, which JSON does not know"
        : `it is not valid JSON (${(error as Error).message})`;
      throw corrupt(this.path, this.row, reason, error);
    }
  }
}

function corrupt(path: string, row: number, reason: string, cause?: unknown): FolkmootError {
  return new FolkmootError(
    "data-corrupt",
    {
      message: `Row ${row} of ${path} cannot be read: ${reason}.`,
      reason: "The file is no JSON list or jsonl of objects, or it was damaged or cut off.",
      action: "Repair or remove that row, or choose another file.",
      details: { path, row },
    },
    { cause },
  );
}

function openError(path: string, error: unknown): FolkmootError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "EISDIR" || code === "ENOTDIR")
    return new FolkmootError(
      "data-not-found",
      {
        message: `There is no data file at ${path}.`,
        action: "Check the path, or build the data first with `folkmoot data build`.",
        details: { path },
      },
      { cause: error },
    );
  return toFolkmootError(error);
}
