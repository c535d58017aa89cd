/** What the failures of llama.cpp and its libraries mean. */
import { InsufficientMemoryError } from "node-llama-cpp";
import type { GpuKind } from "../../contract/device.ts";
import { FolkmootError, toFolkmootError } from "../../contract/errors.ts";
import { modelCorrupt, modelUnsupported } from "../modelErrors.ts";

export function libraryMissing(error: unknown, log: readonly string[]): FolkmootError {
  return new FolkmootError(
    "native-missing",
    {
      message: "llama.cpp could not be loaded.",
      reason: "Its prebuilt library for this machine is missing or was built for another one.",
      action: "Run npm ci again, with optional packages allowed.",
      details: { log: [...log], original: String(error) },
    },
    { cause: error },
  );
}

export function gpuUnusable(kind: GpuKind, error: unknown, log: readonly string[]): FolkmootError {
  return new FolkmootError(
    "device-unsupported",
    {
      message: `llama.cpp cannot use ${kind} here.`,
      reason: "The driver or the prebuilt library for it is missing, or they do not fit each other.",
      action: "Install the driver of your card, or compute on the processor (--gpu off).",
      details: { kind, log: [...log], original: String(error) },
    },
    { cause: error },
  );
}

export interface LoadCircumstances {
  /** Whether the model was to lie on a GPU. */
  readonly gpu: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What llama.cpp said meanwhile: it tells its reasons only there. */
  readonly log: readonly string[];
}

/** What a failed load or context means. */
export function loadError(path: string, error: unknown, { gpu, signal, log }: LoadCircumstances): FolkmootError {
  if (error instanceof FolkmootError) return error;
  if (signal?.aborted) return toFolkmootError(new DOMException("Stopped.", "AbortError"));
  if (error instanceof InsufficientMemoryError) return gpu ? gpuFull(path, error) : memoryFull(path, error);
  const lines = log.filter((line) => line !== "").join("\n");
  const unknownArchitecture = /unknown model architecture: '?([^'\n]*)/.exec(lines)?.[1];
  if (unknownArchitecture !== undefined)
    return modelUnsupported(path, `llama.cpp does not know the architecture ${unknownArchitecture}`);
  const why = /error loading model: ([^\n]*)/.exec(lines)?.[1] ?? (error instanceof Error ? error.message : "unknown");
  return modelCorrupt(path, `llama.cpp refuses it (${why})`, error);
}

/** So many tokens, all sequences together, are in no machine's memory; node-llama-cpp's own estimate gives way there. */
const mostTokens = 2 ** 27;

/** @throws FolkmootError `out-of-memory` for contexts that no machine has room for */
export function checkTokens(
  path: string,
  { sequences, contextSize }: { sequences: number; contextSize: number },
): void {
  const tokens = sequences * contextSize;
  if (tokens > mostTokens) throw memoryFull(path, new Error(`${tokens} tokens in ${sequences} sequences`));
}

function memoryFull(path: string, error: Error): FolkmootError {
  return new FolkmootError(
    "out-of-memory",
    {
      message: `There is not enough memory for ${path}.`,
      reason: "Weights, context and sequences together are larger than what is free.",
      action:
        "Lower the number of sequences (--sequences) or the context (--context-length), or choose a smaller model.",
      details: { path, original: error.message },
    },
    { cause: error },
  );
}

function gpuFull(path: string, error: Error): FolkmootError {
  return new FolkmootError(
    "gpu-out-of-memory",
    {
      message: `The card has too little memory for ${path}.`,
      reason: "Its layers on the card, context and sequences together are larger than what is free there.",
      action:
        "Let as many layers live there as fit (--gpu-layers auto), or lower the number of sequences (--sequences) or the context (--context-length).",
      details: { path, original: error.message },
    },
    { cause: error },
  );
}
