/** Which models the native trainer takes, from the header alone: dense ones of the architectures that it describes. */
import { FolkmootError } from "../contract/errors.ts";
import type { GgufHeader } from "./ggufHeader.ts";
import { numberValue, textValue } from "./metadata.ts";

/** Those that native/src/architecture.cpp describes; a test holds the two lists against each other. */
export const trainableArchitectures = [
  "llama",
  "mistral3",
  "smollm3",
  "qwen2",
  "qwen3",
  "gemma",
  "gemma2",
  "gemma3",
  "phi3",
  "granite",
  "olmo2",
];
/** Types of matrices whose scales stand elsewhere. */
const untrainableTypes = new Set(["NVFP4"]);

/** Why a model cannot be trained, as a sentence; null where it can. */
export function whyUntrainable(header: GgufHeader): string | null {
  const architecture = textValue(header, "general.architecture") ?? "unknown";
  if (!trainableArchitectures.includes(architecture))
    return `The architecture ${architecture} cannot be trained; ${trainableArchitectures.join(", ")} can.`;
  if ((numberValue(header, `${architecture}.expert_count`) ?? 0) > 0) return "Mixtures of experts cannot be trained.";
  const odd = header.tensors.find(({ dimensions, type }) => dimensions.length > 1 && untrainableTypes.has(type));
  if (odd !== undefined) return `Weights of the type ${odd.type} cannot be trained.`;
  if (header.tensors.some(({ name }) => name.includes(".scale")))
    return "Weights with a scale apart cannot be trained.";
  return null;
}

/** @throws FolkmootError `model-unsupported` with the reason */
export function checkTrainable(header: GgufHeader): void {
  const reason = whyUntrainable(header);
  if (reason === null) return;
  throw new FolkmootError("model-unsupported", {
    message: `${header.path} cannot be trained.`,
    reason,
    action: "Choose another model.",
    details: { path: header.path },
  });
}
