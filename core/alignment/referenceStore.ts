/**
 * Log-probabilities of responses under the base, kept on disk so that a resumed run and the next run on the same rows
 * need not compute them again:
 *
 *   reference/<key of model and maths>/<hash of the content>.json
 *
 * A row is named by its tokens, in which template, tokenization and cutting are contained. Files are written once, whole
 * and never changed: two runs may write at the same time, and what is damaged is passed over.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../workspace/atomicFile.ts";
import { sha256 } from "../workspace/hash.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";

/** Of the numbers: raise it when the trainer's forward pass would give others for the same model and tokens. */
const mathsVersion = 2;
/** Rows per file; what a killed process has computed since the last one is computed again. */
const rowsPerFile = 64;
const fileName = /^[0-9a-f]{64}\.json$/;

const content = z.record(z.string(), z.array(z.number()));

export interface ReferenceKey {
  /** SHA-256 of the GGUF. */
  readonly model: string;
  /** What computes, e.g. `CPU`: another device rounds differently. */
  readonly device: string;
  /** What multiplies forward, by type (`Products`). */
  readonly forward: Readonly<Record<string, string>>;
  /** Whether positions are turned by the model's long-RoPE factors. */
  readonly longFactors: boolean;
}

export class ReferenceStore {
  private readonly folder: string;
  private readonly known: Map<string, readonly number[]>;
  private waiting: Record<string, readonly number[]> = {};

  private constructor(folder: string, known: Map<string, readonly number[]>) {
    this.folder = folder;
    this.known = known;
  }

  /** @param directory made when missing; may be shared by any number of runs */
  static async open(directory: string, { model, device, forward, longFactors }: ReferenceKey): Promise<ReferenceStore> {
    const folder = join(
      directory,
      sha256(JSON.stringify([mathsVersion, model, device, forward, ...(longFactors ? ["long"] : [])])).slice(0, 32),
    );
    await mkdir(folder, { recursive: true });
    const known = new Map<string, readonly number[]>();
    for (const name of (await readdir(folder)).sort())
      for (const [row, logps] of Object.entries((await readContent(join(folder, name), name)) ?? {}))
        known.set(row, logps);
    return new ReferenceStore(folder, known);
  }

  /** One number per response of the row, nats; undefined when not computed yet. */
  get(row: string): readonly number[] | undefined {
    return this.known.get(row);
  }

  /** Remembers a row; written with the next 64, or by `flush`. */
  async add(row: string, logps: readonly number[]): Promise<void> {
    this.known.set(row, logps);
    this.waiting[row] = logps;
    if (Object.keys(this.waiting).length >= rowsPerFile) await this.flush();
  }

  async flush(): Promise<void> {
    if (Object.keys(this.waiting).length === 0) return;
    const text = JSON.stringify(this.waiting);
    await writeFileAtomic(join(this.folder, `${sha256(text)}.json`), text);
    this.waiting = {};
  }
}

/** SHA-256 of the tokens of query and responses, in this order. */
export function rowHash({ query, responses }: TokenizedRow): string {
  return sha256([query, ...responses].map((tokens) => tokens.join(",")).join(";"));
}

/** Undefined for what is no file of ours or no longer what was written. */
async function readContent(path: string, name: string): Promise<z.infer<typeof content> | undefined> {
  if (!fileName.test(name)) return undefined;
  const text = await readFile(path, "utf8");
  if (`${sha256(text)}.json` !== name) return undefined;
  return content.safeParse(JSON.parse(text)).data;
}
