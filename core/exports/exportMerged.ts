/** Base model and adapter as one GGUF, in any of llama.cpp's file types. */
import type { NativeAddon } from "../alignment/nativeTrainer.ts";
import type { QuantizationType } from "../contract/models.ts";
import type { GgufHeader } from "../models/ggufHeader.ts";
import type { ExportSource } from "./exportSource.ts";
import type { Proof } from "./proof.ts";
import { type ProvenFile, writeProven } from "./writeProven.ts";

export interface MergedExport {
  readonly source: ExportSource;
  readonly output: string;
  /** null: merged tensors in F16 (F32 in an F32 base), everything else as in the base. */
  readonly type: QuantizationType | null;
  readonly addon: Pick<NativeAddon, "mergeAdapter" | "quantize">;
  /** Folder with the ggml libraries of node-llama-cpp. */
  readonly libraries: string;
  /** Compute threads, 0 = number of cores. Default 0. */
  readonly threads?: number;
  /** Opens the file at this path, without adapter, and compares; see `proveExport`. */
  prove(model: string): Promise<Proof>;
  readonly signal?: AbortSignal | undefined;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Merges, quantizes if asked, proves, and writes the provenance beside it. */
export function exportMerged(request: MergedExport): Promise<ProvenFile> {
  const { source, output, type, addon, libraries, threads = 0, prove, signal, freeBytes } = request;
  const { model } = source.run.config;
  const merged = mergedBytes(source.model, source.adapter);
  return writeProven({
    output,
    sources: [source.checkpoint.adapter, ...source.model.parts.map(({ path }) => path)],
    bytesNeeded: merged + (type === null ? 0 : quantizedBytes(source.model, type)),
    async write(path, scratch) {
      const adapter = source.checkpoint.adapter;
      await addon.mergeAdapter({ model, adapter, output: type === null ? path : scratch, libraries, threads });
      signal?.throwIfAborted();
      if (type !== null) await addon.quantize({ input: scratch, output: path, type, libraries, threads });
      signal?.throwIfAborted();
    },
    prove,
    provenance: { kind: "merged", type: type ?? "as merged", ...source.provenance },
    ...(freeBytes === undefined ? {} : { freeBytes }),
  });
}

/** Size of the merged file: adapted tensors at 2 bytes a weight (4 where the base has F32), the rest as it is. */
export function mergedBytes(model: GgufHeader, adapter: GgufHeader): number {
  const adapted = new Set(adapter.tensors.map(({ name }) => name.replace(/\.lora_[ab]$/, "")));
  return model.tensors.reduce((bytes, tensor) => {
    if (!adapted.has(tensor.name) || tensor.type === "F32") return bytes;
    return bytes - tensor.bytes + 2 * tensor.elements;
  }, model.fileBytes);
}

/** Bits per weight of whole files, rounded up (llama.cpp, tools/quantize/README.md; Llama 3.1 8B). */
const bitsPerWeight: Record<QuantizationType, number> = {
  F32: 32,
  F16: 16.1,
  BF16: 16.1,
  Q8_0: 8.6,
  Q6_K: 6.7,
  Q5_K_M: 5.8,
  Q4_K_M: 5,
  Q4_0: 4.8,
  IQ4_XS: 4.6,
};

/** An estimate for the disk check; vocabulary and tensors that stay in F32 come on top of the weights. */
export function quantizedBytes(model: GgufHeader, type: QuantizationType): number {
  const weights = model.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  return Math.ceil((weights * bitsPerWeight[type]) / 8) + model.dataStart;
}
