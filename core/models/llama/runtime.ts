/** The one llama.cpp of a process, and the errors that it means. */
import { availableParallelism } from "node:os";
import { getLlama, InsufficientMemoryError, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import { FolkmootError, toFolkmootError } from "../../contract/errors.ts";
import { checkAdapterFits, checkAdapterHeader } from "../adapterChecks.ts";
import { type GgufHeader, readGgufHeader } from "../ggufHeader.ts";
import { checkModelHeader } from "../modelChecks.ts";
import { modelCorrupt, modelUnsupported } from "../modelErrors.ts";

/** Lines of llama.cpp's log that are kept to explain a failure. */
const keptLogLines = 40;
const log: string[] = [];
let runtime: Promise<Llama> | null = null;

/**
 * Below so many bytes one thread computes as fast as two: the work between two barriers is too small to share. And
 * threads that wait for each other spin, so on a busy machine a small model would be a hundred times slower with two.
 */
const singleThreadBytes = 64 * 1024 * 1024;

/** Compute threads for a setting in which 0 means as many as there are cores (one for a small model). */
export function threadCount(setting: number, modelBytes: number): number {
  if (setting !== 0) return setting;
  return modelBytes < singleThreadBytes ? 1 : availableParallelism();
}

/**
 * llama.cpp on the processor, loaded once per process. `maxThreads` is always set: left alone, node-llama-cpp takes at
 * least four threads, and more threads than cores are a hundred times slower.
 *
 * @throws FolkmootError `native-missing`.
 */
export async function llamaRuntime(threads: number): Promise<Llama> {
  runtime ??= getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    progressLogs: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.warn,
    logger: (_, message) => {
      log.push(message.trim());
      if (log.length > keptLogLines) log.shift();
    },
  });
  try {
    const llama = await runtime;
    llama.maxThreads = Math.max(llama.maxThreads, threads);
    return llama;
  } catch (error) {
    runtime = null;
    throw new FolkmootError(
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
}

export interface CheckedModel {
  readonly header: GgufHeader;
  readonly model: LlamaModel;
  /** Compute threads for its contexts. */
  readonly threads: number;
}

/**
 * Loads a model after its header was checked. Tensors are checked for values that are no numbers. `threads` as in
 * `threadCount`.
 *
 * @throws FolkmootError `model-not-found`, `model-corrupt`, `model-unsupported`, `out-of-memory`, `cancelled`.
 */
export async function loadCheckedModel(
  path: string,
  options: { threads: number; vocabOnly?: boolean; signal?: AbortSignal },
): Promise<CheckedModel> {
  const header = await readGgufHeader(path);
  checkModelHeader(header);
  const threads = threadCount(options.threads, header.fileBytes);
  const llama = await llamaRuntime(threads);
  log.length = 0;
  try {
    const model = await llama.loadModel({
      // llama.cpp finds the other parts from the first.
      modelPath: header.path,
      vocabOnly: options.vocabOnly ?? false,
      checkTensors: options.vocabOnly !== true,
      gpuLayers: 0,
      ...(options.signal === undefined ? {} : { loadSignal: options.signal }),
    });
    return { header, model, threads };
  } catch (error) {
    throw loadError(path, error, options.signal);
  }
}

/** @throws FolkmootError `model-corrupt`, `model-unsupported`, `adapter-mismatch`. */
export async function checkAdapterFile(path: string, model: GgufHeader): Promise<void> {
  const adapter = await readGgufHeader(path);
  checkAdapterHeader(adapter);
  checkAdapterFits(adapter, model);
}

/** What a failed load or context means; llama.cpp says why only in its log. */
export function loadError(path: string, error: unknown, signal?: AbortSignal): FolkmootError {
  if (error instanceof FolkmootError) return error;
  if (signal?.aborted) return toFolkmootError(new DOMException("Stopped.", "AbortError"));
  if (error instanceof InsufficientMemoryError)
    return new FolkmootError(
      "out-of-memory",
      {
        message: `There is not enough memory for ${path}.`,
        reason: "Weights, context and sequences together are larger than what is free.",
        action: "Lower the number of sequences or the context size, or choose a smaller model.",
        details: { path, original: error.message },
      },
      { cause: error },
    );
  const lines = log.filter((line) => line !== "").join("\n");
  const unknownArchitecture = /unknown model architecture: '?([^'\n]*)/.exec(lines)?.[1];
  if (unknownArchitecture !== undefined)
    return modelUnsupported(path, `llama.cpp does not know the architecture ${unknownArchitecture}`);
  const why = /error loading model: ([^\n]*)/.exec(lines)?.[1] ?? (error instanceof Error ? error.message : "unknown");
  return modelCorrupt(path, `llama.cpp refuses it (${why})`, error);
}
