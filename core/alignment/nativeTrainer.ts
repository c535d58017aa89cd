/**
 * The seam between TypeScript and native/: forward gives log-probabilities, backward takes dLoss/dlogp.
 * `native/` knows no loss, no schedule, no text. All calls run on the addon's own thread and return promises; one
 * trainer does one thing at a time (calls queue in order). Errors are rejections with a folkmoot code.
 */
import type { LoraTarget } from "../contract/alignment.ts";
import type { QuantizationType } from "../contract/models.ts";

/** Token ids of one question with its candidates. The query carries BOS if the model wants it. */
export interface TokenRow {
  /** At least one token. */
  readonly query: readonly number[];
  /** At least one response; each at least one token (EOS included if trained). */
  readonly responses: readonly (readonly number[])[];
}

export interface TrainerInfo {
  readonly architecture: string;
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly contextLength: number;
  readonly tied: boolean;
  /** `CPU`, or a GPU with its name, e.g. `Vulkan0: AMD Radeon RX 7800`. */
  readonly device: string;
  /** Layers that live on the GPU; null on the processor. */
  readonly gpuLayers: number | null;
  readonly threads: number;
  /** By type of the linears' weights, e.g. `q4_K`: what multiplies. Empty where ggml's own products do throughout. */
  readonly products: Readonly<Record<string, Products>>;
}

/**
 * Names of products on the processor: our kernels (`vnni`, `bf16`, `rounded-f32`, `f32`), `ggml` for its own with the
 * weights as they lie, or the extra buffer type of its CPU backend that holds a copy of them (`CPU_REPACK`, `AMX`).
 */
export interface Products {
  readonly forward: string;
  readonly backward: string;
}

export interface OpenOptions {
  readonly model: string;
  /** Folder with the ggml libraries of node-llama-cpp. */
  readonly libraries: string;
  /** Compute threads, 0 = number of cores. */
  readonly threads?: number;
  /**
   * Computes on the first GPU that the libraries know, where products round their factors to half precision. Default:
   * the processor. An operation that the GPU lacks is `device-unsupported` before a run begins; too little of its
   * memory is `gpu-out-of-memory`.
   */
  readonly gpu?: boolean;
  /**
   * Layers that live on the GPU, the upper ones: backward passes them all, the lower ones only down to the lowest that
   * is trained. The others stay in host memory and are copied to the GPU one by one, right before they are computed;
   * results are the same, bit for bit. `auto`, the default: as many as leave `reserveBytes` of what is free. More than
   * there are: all. Head, norms and biases always live there, embedding rows are gathered on the host.
   */
  readonly gpuLayers?: "auto" | number;
  /** What `auto` leaves free on the GPU for adapter, activations and others, bytes. Default 256 MiB. */
  readonly reserveBytes?: number;
  /**
   * Keep what backward reads, or compute it again block by block (less memory, a third more work). `automatic`, the
   * default, keeps it while it takes at most a quarter of the free memory. Results are the same.
   */
  readonly activations?: "automatic" | "keep" | "recompute";
  /**
   * How the CPU multiplies. `automatic`, the default: forward as llama.cpp's CPU backend does with the base's types,
   * activations rounded to 8 or 16 bits and all, so that log-probabilities are those of the served model; backward in
   * bfloat16 with F32 sums where the weights are neither F32 nor F16 and the processor has the instructions (AVX-512 BF16),
   * else in F32. `portable`: the same without special instructions, slower. `float32`: nothing is rounded. `ggml`: by ggml's
   * own products over transposed copies, as on a GPU; they round what they multiply in backward too.
   */
  readonly products?: "automatic" | "portable" | "float32" | "ggml";
  /**
   * By type, what multiplies forward (`Products`): a run that is resumed goes on with what it began with. A way that this
   * processor does not have is our kernel. Default: measured when the model is opened, with `products: "automatic"`; ours
   * unless another is 1.15 times as fast, and always ours for F32 and for models too small to gain.
   */
  readonly forward?: Readonly<Record<string, string>>;
  /** What copies of weights may take that are made because they are faster forward, bytes. Default 0. */
  readonly copyBytes?: number;
  /**
   * Context that the model will be served with, tokens. Only models with long-rope factors (Phi 3) care: beyond their
   * original context llama.cpp uses other factors, and an adapter trained with the short ones meets the long ones.
   * Default: within the original context.
   */
  readonly contextLength?: number;
}

/** Bytes by part, on the device that computes. */
export interface TrainerMemory {
  readonly weights: number;
  /** Of weights: transposed for backward on a GPU, arranged for the processor's instructions forward. */
  readonly copies: number;
  readonly adapter: number;
  readonly activations: number;
  readonly arena: number;
}

export interface NewAdapter {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly LoraTarget[];
  /** Ranks of targets that have another one than `rank`; a fused tensor takes the largest of its parts. */
  readonly ranks?: Partial<Readonly<Record<LoraTarget, number>>>;
  /** Layers that get pairs, both included, from 0; null or absent = all. */
  readonly layers?: { readonly first: number; readonly last: number } | null;
  /** A ~ U(±1/√in) from this seed, B = 0. */
  readonly seed: number;
}

export interface StepOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Factor on the accumulated gradient before clipping, e.g. 1 / questions. */
  readonly gradientScale: number;
  /** 0 = no clipping. */
  readonly clipNorm: number;
}

export interface StepResult {
  /** Global L2 norm of the scaled gradient, before clipping. */
  readonly gradNorm: number;
  /** Optimizer steps done with this adapter, from 1. */
  readonly step: number;
}

export interface NativeTrainer {
  readonly info: TrainerInfo;
  /** Replaces the adapter; optimizer state and gradients start at zero. */
  newAdapter(adapter: NewAdapter): Promise<void>;
  /** Adapter from a GGUF (F32/F16 pairs); `adapter-mismatch` when a shape or name does not fit the model. */
  loadAdapter(path: string): Promise<void>;
  /** Writes beside `path`, fsyncs, renames. */
  saveAdapter(path: string): Promise<void>;
  /** Accumulated (unscaled) gradients under the adapter's tensor names. */
  saveGradients(path: string): Promise<void>;
  /** Optimizer moments and step count. */
  saveState(path: string): Promise<void>;
  loadState(path: string): Promise<void>;
  /**
   * Log-probabilities (nats) of every response token: result[row][response][token]. With `keep` the activations stay
   * until the next forward, for `backward`.
   */
  forward(rows: readonly TokenRow[], options: { adapter: boolean; keep: boolean }): Promise<number[][][]>;
  /** Adds the gradients of the last kept forward; `dLogp` has the shape that forward returned. */
  backward(dLogp: readonly (readonly (readonly number[])[])[]): Promise<void>;
  zeroGradients(): Promise<void>;
  step(options: StepOptions): Promise<StepResult>;
  memory(): Promise<TrainerMemory>;
  /** Stops the call in flight (it rejects with `cancelled`) and those that wait. */
  cancel(): void;
  /** Frees model, adapter and thread; later calls reject. */
  dispose(): Promise<void>;
}

/** What the addon opens: besides adapters it can train the base itself, which is how models are made from nothing. */
export interface ModelTrainer extends NativeTrainer {
  /**
   * Trains the seven linears of every layer themselves instead of an adapter (F32 bases only; embedding, head and
   * norms stay frozen): a third of the arithmetic of a full-rank adapter. Moments and gradients start at zero.
   */
  trainBase(): Promise<void>;
  /** Writes the whole model with the weights that `trainBase` trained. */
  saveModel(path: string): Promise<void>;
}

/** A GPU as its driver describes it. */
export interface NativeGpu {
  readonly name: string;
  readonly description: string;
  /** Mesa's software Vulkan, which computes on the processor. */
  readonly software: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface NativeAddon {
  openTrainer(options: OpenOptions): Promise<ModelTrainer>;
  /**
   * GPUs that the libraries of a folder know, the first being what `openTrainer` takes. Commits the process to this
   * folder: `native-mismatch` when the libraries of another are loaded already.
   */
  listGpus(options: { libraries: string }): Promise<readonly NativeGpu[]>;
  /** W + (alpha/rank)·B·A for every pair; merged tensors become F16 (F32 bases stay F32), the rest is copied. */
  mergeAdapter(options: {
    model: string;
    adapter: string;
    output: string;
    libraries: string;
    threads?: number;
  }): Promise<void>;
  /** `llama_model_quantize` of the same libllama; written beside and renamed. */
  quantize(options: {
    input: string;
    output: string;
    type: QuantizationType;
    libraries: string;
    threads?: number;
  }): Promise<void>;
}
