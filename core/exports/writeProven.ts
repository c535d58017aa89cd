/** An export appears under its name only when it is whole and proven; until then it stands beside, then is renamed. */
import { rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FolkmootError } from "../contract/errors.ts";
import { fsyncDirectory, fsyncFile, writeJsonAtomic } from "../workspace/atomicFile.ts";
import { hashFile } from "../workspace/hash.ts";
import { makeFolder } from "../workspace/makeFolder.ts";
import type { Proof } from "./proof.ts";

export interface ProvenFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly proof: Proof;
  /** The provenance, JSON beside the file. */
  readonly provenance: string;
}

export interface ProvenWrite {
  readonly output: string;
  /** Files that the export is made from; none of them may be the output. */
  readonly sources: readonly string[];
  /** Most bytes that lie on the disk at once while it is made. */
  readonly bytesNeeded: number;
  /** Writes the file; `scratch` is a name beside it for something between. Both are removed when it fails. */
  write(path: string, scratch: string): Promise<void>;
  prove(path: string): Promise<Proof>;
  /** What stands in the provenance beside `file` and `proof`. Plain JSON. */
  readonly provenance: Readonly<Record<string, unknown>>;
  /** Bytes free in a folder; default asks the file system. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** @throws bad-input (the output is a source), disk-full before anything is written, proof-failed, and what `write` throws */
export async function writeProven(request: ProvenWrite): Promise<ProvenFile> {
  const output = resolve(request.output);
  if (request.sources.some((source) => resolve(source) === output))
    throw new FolkmootError("bad-input", {
      message: `${output} is a file that the export is made from.`,
      action: "Name another file to write.",
      details: { path: output },
    });
  const folder = dirname(output);
  await makeFolder(folder);
  await checkSpace(folder, request.bytesNeeded, request.freeBytes ?? freeBytesIn);
  // The ending stays .gguf: some runtimes go by it.
  const [partial, scratch] = [`${output}.partial.gguf`, `${output}.scratch.gguf`];
  try {
    await removeAll(partial, scratch);
    await request.write(partial, scratch);
    await fsyncFile(partial);
    const proof = await request.prove(partial);
    const { size: bytes } = await stat(partial);
    const sha256 = await hashFile(partial);
    await rename(partial, output);
    await fsyncDirectory(folder);
    const provenance = `${output}.json`;
    await writeJsonAtomic(provenance, { version: 1, file: { bytes, sha256 }, ...request.provenance, proof });
    return { path: output, bytes, sha256, proof, provenance };
  } finally {
    await removeAll(partial, scratch);
  }
}

async function checkSpace(
  folder: string,
  needed: number,
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= needed) return;
  throw new FolkmootError("disk-full", {
    message: `The export needs about ${megabytes(needed)} MB in ${folder}, and ${megabytes(free)} MB are free.`,
    action: "Free some space, or name a file on another disk.",
    details: { folder, needed, free },
  });
}

async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function removeAll(...paths: string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}

function megabytes(bytes: number): string {
  return Math.ceil(bytes / 1e6).toLocaleString("en-US");
}
