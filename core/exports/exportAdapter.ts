/** The adapter as a GGUF of its own, which llama.cpp loads on top of the base model. */
import { copyFile } from "node:fs/promises";
import { FolkmootError } from "../contract/errors.ts";
import { hashFile } from "../workspace/hash.ts";
import type { ExportSource } from "./exportSource.ts";
import type { Proof } from "./proof.ts";
import { type ProvenFile, writeProven } from "./writeProven.ts";

export interface AdapterExport {
  readonly source: ExportSource;
  readonly output: string;
  /** Opens base and adapter at this path and compares; see `proveExport`. */
  prove(adapter: string): Promise<Proof>;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Copies the adapter of the checkpoint byte for byte, proves it, and writes its provenance beside it. */
export function exportAdapter({ source, output, prove, freeBytes }: AdapterExport): Promise<ProvenFile> {
  const { checkpoint, model, adapter } = source;
  return writeProven({
    output,
    sources: [checkpoint.adapter, ...model.parts.map(({ path }) => path)],
    bytesNeeded: adapter.fileBytes,
    async write(path) {
      await copyFile(checkpoint.adapter, path);
      if ((await hashFile(path)) === (await hashFile(checkpoint.adapter))) return;
      throw new FolkmootError("disk-full", {
        message: `The copy of the adapter in ${path} is not the same as the adapter.`,
        reason: "The disk lost or changed what was written.",
        action: "Check the disk, or name a file on another one.",
        details: { path },
      });
    },
    prove,
    provenance: { kind: "adapter", ...source.provenance },
    ...(freeBytes === undefined ? {} : { freeBytes }),
  });
}
