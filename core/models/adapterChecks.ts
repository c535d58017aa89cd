/** What a LoRA file must hold before llama.cpp gets it (tensors of F64 there end the process), and whether it fits. */
import { FolkmootError } from "../contract/errors.ts";
import type { GgufHeader } from "./ggufHeader.ts";
import { numberValue, textValue } from "./metadata.ts";
import { modelCorrupt, modelUnsupported } from "./modelErrors.ts";

export interface AdapterShape {
  readonly rank: number;
  readonly alpha: number;
  /** Names of the adapted tensors, as the model has them. */
  readonly targets: readonly string[];
}

export function isAdapter(header: GgufHeader): boolean {
  return header.metadata.get("general.type") === "adapter";
}

/**
 * Rank (the largest, if they differ), alpha and targets of a LoRA in llama.cpp's format: pairs
 * `<name>.lora_a` [in, rank] and `<name>.lora_b` [rank, out].
 *
 * @throws FolkmootError `model-unsupported`, `model-corrupt`.
 */
export function checkAdapterHeader(header: GgufHeader): AdapterShape {
  const { path } = header;
  if (!isAdapter(header)) throw modelUnsupported(path, "it is not an adapter");
  // llama.cpp reads an adapter from one file.
  if (header.parts.length > 1) throw modelUnsupported(path, "it is an adapter in several files");
  const kind = textValue(header, "adapter.type");
  if (kind !== "lora") throw modelUnsupported(path, `it is an adapter of the kind ${kind ?? "unknown"}, not a LoRA`);
  const alpha = numberValue(header, "adapter.lora.alpha");
  if (alpha === null || !Number.isFinite(alpha)) throw modelCorrupt(path, `its alpha is ${alpha}`);
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  const targets: string[] = [];
  let rank = 0;
  for (const { name, dimensions, type } of header.tensors) {
    if (type !== "F32" && type !== "F16") throw modelUnsupported(path, `the tensor "${name}" has the type ${type}`);
    const target = /^(.+)\.lora_[ab]$/.exec(name)?.[1];
    if (target === undefined) throw modelUnsupported(path, `it holds "${name}", which is no part of a LoRA pair`);
    if (name.endsWith(".lora_b")) continue;
    const partner = tensors.get(`${target}.lora_b`);
    if (partner === undefined) throw modelCorrupt(path, `"${name}" has no partner`);
    if (dimensions.length > 2 || partner.dimensions.length > 2 || dimensions[1] !== partner.dimensions[0])
      throw modelCorrupt(path, `the shapes of the pair "${target}" do not fit each other`);
    targets.push(target);
    rank = Math.max(rank, dimensions[1] ?? 1);
  }
  if (targets.length === 0 || targets.length * 2 !== header.tensors.length)
    throw modelCorrupt(path, "it holds no complete LoRA pair");
  return { rank, alpha, targets };
}

/** @throws FolkmootError `adapter-mismatch` naming the first tensor that does not fit. */
export function checkAdapterFits(adapter: GgufHeader, model: GgufHeader): void {
  const architectures = [adapter, model].map((header) => textValue(header, "general.architecture"));
  if (architectures[0] !== architectures[1])
    throw mismatch(adapter, model, `it was made for the architecture ${architectures[0]}, not ${architectures[1]}`);
  const tensors = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, dimensions } of adapter.tensors) {
    const target = tensors.get(name.replace(/\.lora_[ab]$/, ""));
    if (target === undefined) throw mismatch(adapter, model, `the model has no tensor for "${name}"`);
    const [size, expected] = name.endsWith(".lora_a")
      ? [dimensions[0], target.dimensions[0]]
      : [dimensions[1], target.dimensions[1]];
    if (size !== expected) throw mismatch(adapter, model, `"${name}" measures ${size} where the model has ${expected}`);
  }
}

function mismatch(adapter: GgufHeader, model: GgufHeader, why: string): FolkmootError {
  return new FolkmootError("adapter-mismatch", {
    message: `The adapter ${adapter.path} does not fit the model ${model.path}: ${why}.`,
    reason: "An adapter works only on the model that it was trained on.",
    action: "Choose the adapter's own base model, or another adapter.",
    details: { adapter: adapter.path, model: model.path, why },
  });
}
