/** llama.cpp of a process, and models loaded by it. */
import { availableParallelism } from "node:os";
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import type { GpuKind, GpuLayers } from "../../contract/device.ts";
import type { FolkmootError } from "../../contract/errors.ts";
import { checkAdapterFits, checkAdapterHeader } from "../adapterChecks.ts";
import { type GgufHeader, readGgufHeader } from "../ggufHeader.ts";
import { countValue, textValue } from "../metadata.ts";
import { checkModelHeader } from "../modelChecks.ts";
import { usableThreads } from "../threads.ts";
import { gpuUnusable, type LoadCircumstances, libraryMissing, loadError } from "./loadErrors.ts";

/** Lines of llama.cpp's log that are kept to explain a failure. */
const keptLogLines = 40;
const log: string[] = [];
/** By kind of GPU; null = the processor's. */
const runtimes = new Map<GpuKind | null, Promise<Llama>>();

/**
 * Below so many bytes one thread computes as fast as two: the work between two barriers is too small to share. And
 * threads that wait for each other spin, so on a busy machine a small model would be a hundred times slower with two.
 */
const singleThreadBytes = 64 * 1024 * 1024;

/** Compute threads for a setting in which 0 means as many as there are cores (one for a small model). */
export function threadCount(setting: number, modelBytes: number): number {
  if (setting !== 0) return usableThreads(setting);
  return modelBytes < singleThreadBytes ? 1 : availableParallelism();
}

/**
 * llama.cpp for the processor (`kind` null) or a kind of GPU, each loaded once per process. `maxThreads` is always set:
 * left alone, node-llama-cpp takes at least four threads, and more threads than cores are a hundred times slower.
 *
 * @throws FolkmootError `native-missing`; of a GPU `device-unsupported`.
 */
export async function llamaRuntime(threads: number, kind: GpuKind | null = null): Promise<Llama> {
  const loading = runtimes.get(kind) ?? loadRuntime(threads, kind);
  runtimes.set(kind, loading);
  try {
    const llama = await loading;
    llama.maxThreads = Math.max(llama.maxThreads, threads);
    return llama;
  } catch (error) {
    runtimes.delete(kind);
    throw kind === null ? libraryMissing(error, log) : gpuUnusable(kind, error, log);
  }
}

function loadRuntime(threads: number, kind: GpuKind | null): Promise<Llama> {
  return getLlama({
    gpu: kind ?? false,
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
}

/** A GPU that a model is loaded to. */
export interface GpuPlacement {
  readonly kind: GpuKind;
  readonly layers: GpuLayers;
  /** Tokens of all contexts that will be made of it: `auto` layers leave room for them. */
  readonly contextTokens: (header: GgufHeader) => number;
}

export interface CheckedModel {
  readonly header: GgufHeader;
  readonly model: LlamaModel;
  /** Compute threads for its contexts. */
  readonly threads: number;
  readonly place: Place;
}

/** Where a model computes. */
export interface Place {
  /** `the processor`, or kind and name of the card, e.g. `CUDA: NVIDIA GeForce RTX 4090`. */
  readonly device: string;
  readonly layers: number;
  /** Layers that live on the GPU; null on the processor. */
  readonly gpuLayers: number | null;
}

/**
 * Loads a model after its header was checked. Tensors are checked for values that are no numbers. `threads` as in
 * `threadCount`.
 *
 * @throws FolkmootError `model-not-found`, `model-corrupt`, `model-unsupported`, `out-of-memory`, `gpu-out-of-memory`,
 *   `device-unsupported`, `cancelled`.
 */
export async function loadCheckedModel(
  path: string,
  options: { threads: number; vocabOnly?: boolean; gpu?: GpuPlacement | null; signal?: AbortSignal },
): Promise<CheckedModel> {
  const header = await readGgufHeader(path);
  checkModelHeader(header);
  const threads = threadCount(options.threads, header.fileBytes);
  const gpu = options.gpu ?? null;
  const llama = await llamaRuntime(threads, gpu?.kind ?? null);
  log.length = 0;
  try {
    const model = await llama.loadModel({
      // llama.cpp finds the other parts from the first.
      modelPath: header.path,
      vocabOnly: options.vocabOnly ?? false,
      checkTensors: options.vocabOnly !== true,
      gpuLayers: gpu === null ? 0 : wantedLayers(gpu, header),
      ...(options.signal === undefined ? {} : { loadSignal: options.signal }),
    });
    return { header, model, threads, place: await placeOf(llama, model, header, gpu) };
  } catch (error) {
    throw explainLoad(path, error, { gpu: gpu !== null, signal: options.signal });
  }
}

/** llama.cpp counts the output head as a layer, the first that goes to the GPU. */
const headLayers = 1;

function wantedLayers({ layers, contextTokens }: GpuPlacement, header: GgufHeader) {
  if (layers === "auto") return { fitContext: { contextSize: contextTokens(header) } };
  return layers === 0 ? 0 : Math.min(layers, layerCount(header)) + headLayers;
}

async function placeOf(llama: Llama, model: LlamaModel, header: GgufHeader, gpu: GpuPlacement | null): Promise<Place> {
  const layers = layerCount(header);
  if (gpu === null) return { device: "the processor", layers, gpuLayers: null };
  const [name = "unknown card"] = await llama.getGpuDeviceNames();
  return { device: `${kindNames[gpu.kind]}: ${name}`, layers, gpuLayers: Math.max(0, model.gpuLayers - headLayers) };
}

const kindNames: Readonly<Record<GpuKind, string>> = { cuda: "CUDA", vulkan: "Vulkan", metal: "Metal" };

function layerCount(header: GgufHeader): number {
  return countValue(header, `${textValue(header, "general.architecture")}.block_count`) ?? 0;
}

/** @throws FolkmootError `model-corrupt`, `model-unsupported`, `adapter-mismatch`. */
export async function checkAdapterFile(path: string, model: GgufHeader): Promise<void> {
  const adapter = await readGgufHeader(path);
  checkAdapterHeader(adapter);
  checkAdapterFits(adapter, model);
}

/** What a failed load or context means; llama.cpp says why only in its log. */
export function explainLoad(
  path: string,
  error: unknown,
  circumstances: Omit<LoadCircumstances, "log">,
): FolkmootError {
  return loadError(path, error, { ...circumstances, log });
}
