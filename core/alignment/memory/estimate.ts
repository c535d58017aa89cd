/**
 * Bytes that a training takes, by part, before anything is loaded. Pure. Weights, copies, adapter and activations are
 * counted as native/src holds them; the working memory of one block has factors that were measured.
 */
import type { AlignConfig, LoraTarget } from "../../contract/alignment.ts";
import { largestPasses } from "./largestPasses.ts";
import { type PackingSize, packSize, scoreCounts } from "./packing.ts";
import { adaptedPairs, type LinearShape, type TrainingShape } from "./shape.ts";

export type MemorySettings = Pick<
  AlignConfig,
  "lora" | "loss" | "maxLength" | "maxRejected" | "batchTokens" | "accumulation" | "activations" | "gpu" | "gpuLayers"
>;

export type ComputeDevice = "processor" | "gpu";

export interface MemoryEstimate {
  /** The file, mapped into memory; on a GPU without embeddings that are gathered on the host. */
  readonly weights: number;
  /**
   * Transposed copies that backward multiplies with, on a GPU. The processor reads the weights either way; copies that
   * are faster there are made of what this estimate leaves free, and are not counted.
   */
  readonly copies: number;
  /** Adapter, its gradient and the optimizer's two moments. */
  readonly adapter: number;
  /** What backward reads of one packed forward. */
  readonly activations: number;
  /** Whether all of it is kept; else it is computed again, block by block. */
  readonly keepsActivations: boolean;
  /** Working memory of the output head, chunk by chunk, and of one block; the larger of the two counts. */
  readonly headChunk: number;
  readonly block: number;
  /** The process beside all this: Node, libraries, tokenizer. 0 on a GPU, whose memory the other parts take. */
  readonly program: number;
  readonly total: number;
  /** Rows of the largest forward pass, padding included. */
  readonly rows: number;
}

// As in native/src/trainer.cpp and ggml's CPU buffers.
const float = 4;
const alignment = 32;
const headChunkBytes = 64 * 2 ** 20;
const [smallestHeadChunk, largestHeadChunk] = [16, 512];
const keyPadding = 15;
/** Value, gradient and two moments; beside them one scale for each rank. */
const copiesOfAdapter = 4;

type Way = "float32" | "bf16" | "ggml";
interface Widths {
  readonly feedForward: number;
  readonly embedding: number;
}

/**
 * Widths of a block's intermediate results that lie in memory at the same moment, in multiples of what they are widths
 * of, by the way products are computed (native/src/kernels.h; ggml's on a GPU): fitted to 224 measurements on models 128
 * to 320 wide. `adapted`: what adapters on the feed-forward add.
 */
const peak: Readonly<Record<Way, Readonly<Record<"kept" | "keptAdapted" | "again" | "againAdapted", Widths>>>> = {
  float32: {
    kept: { feedForward: 3, embedding: 0 },
    keptAdapted: { feedForward: 0, embedding: 1.2 },
    again: { feedForward: 3.15, embedding: 1.2 },
    againAdapted: { feedForward: 0.05, embedding: 0.05 },
  },
  bf16: {
    kept: { feedForward: 2.55, embedding: 0.55 },
    keptAdapted: { feedForward: 0.4, embedding: 1.3 },
    again: { feedForward: 3.7, embedding: 0.5 },
    againAdapted: { feedForward: -0.15, embedding: 0.4 },
  },
  ggml: {
    kept: { feedForward: 2.1, embedding: 1.1 },
    keptAdapted: { feedForward: 0.7, embedding: 0.95 },
    again: { feedForward: 3.2, embedding: 1.2 },
    againAdapted: { feedForward: 1.1, embedding: 0.1 },
  },
};
/** GELU's slope takes more of the feed-forward's width than SiLU's, which ggml has in one operation. */
const geluWidth = 1.5;
/** Fused projections are copied apart, in multiples of the embedding. */
const fusedWidth = 3;
/** Attention scores beside each other: the largest block's where activations are kept, all where computed again. */
const scoreCopies = { kept: 2.3, again: 1.15 };
/** Of the normed hidden state that the head reads and of its gradient. */
const headWidth = 3;
/**
 * Largest resident set of the process without what the trainer holds: measured 170 to 184, 194, 255 and 320 MiB on
 * vocabularies of 512, 32 000, 128 000 and 256 000 tokens. `cards`: Mesa's Vulkan, opened to see which cards there are.
 */
const program = { base: 180 * 2 ** 20, perToken: 600, cards: 64 * 2 ** 20 };

/** @param memory as of `estimateMemory` */
export type Estimator = (
  shape: TrainingShape,
  settings: MemorySettings,
  memory: number,
  device?: ComputeDevice,
) => MemoryEstimate;

/**
 * For the largest pass that the settings allow: questions of the greatest length, or as many short ones as fit.
 * @param memory bytes of the machine; `automatic` keeps activations while they take a quarter of it (native/src)
 */
export function estimateMemory(
  shape: TrainingShape,
  settings: MemorySettings,
  memory: number,
  device: ComputeDevice = "processor",
): MemoryEstimate {
  const [first, ...rest] = largestPasses(shape, settings).map(({ questions, backward }) =>
    estimatePass(shape, settings, packSize(questions), { memory, device, backward }),
  );
  return rest.reduce((largest, other) => (other.total > largest.total ? other : largest), first as MemoryEstimate);
}

export interface PassOptions {
  /** Bytes of the machine. */
  readonly memory: number;
  readonly device?: ComputeDevice;
  /** Whether backward follows; else nothing is kept. Default true. */
  readonly backward?: boolean;
}

/** For a pass of exactly these sizes. */
export function estimatePass(
  shape: TrainingShape,
  settings: MemorySettings,
  packing: PackingSize,
  { memory, device = "processor", backward = true }: PassOptions,
): MemoryEstimate {
  const { lora, gpu } = settings;
  const lowest = lowestLayer(settings);
  const keepsActivations = backward && keepsAll(shape, settings, packing, memory);
  const weights = shape.fileBytes - (device === "gpu" ? shape.embeddingBytes : 0);
  const copied = device === "gpu" ? [...shape.linears, shape.head] : [];
  const copies = copied.reduce((sum, linear) => sum + transposedBytes(linear), 0);
  const pairs = adaptedPairs(shape.linears, lora);
  const adapter =
    alignment +
    floats(pairs.reduce((sum, { rank }) => sum + rank, 0)) +
    copiesOfAdapter *
      pairs.reduce((sum, { rank, input, output }) => sum + floats(input * rank) + floats(rank * output), 0);
  const tape = tapeBytes(shape, packing, { backward, keep: keepsActivations, lowest });
  const headChunk = headChunkOf(shape, packing);
  const block = blockBytes(shape, lora.targets, packing, keepsActivations, device);
  const cards = gpu === "off" ? 0 : program.cards;
  const process = device === "gpu" ? 0 : program.base + program.perToken * shape.vocabulary + cards;
  const total = weights + copies + adapter + tape + Math.max(headChunk, block) + process;
  const parts = { weights, copies, adapter, activations: tape, headChunk, block, program: process };
  return { ...parts, keepsActivations, total, rows: packing.rows };
}

/** Whether backward of such a pass finds all that it reads, or computes it again. */
export function keepsAll(
  shape: TrainingShape,
  settings: MemorySettings,
  packing: PackingSize,
  memory: number,
): boolean {
  const { activations } = settings;
  if (activations !== "automatic") return activations === "keep";
  return keptBytes(shape, packing, lowestLayer(settings)) <= memory / 4;
}

/** Backward reads nothing of the layers below the lowest that is trained. */
function lowestLayer({ lora }: MemorySettings): number {
  return lora.layers?.first ?? 0;
}

/** Of the copy that a GPU multiplies with in backward. */
export function transposedBytes({ type, input, output }: LinearShape): number {
  const count = input * output;
  if (type === "F32") return padded(4 * count);
  if (type === "F16" || type === "BF16") return padded(2 * count);
  return padded(output % 32 === 0 ? (count / 32) * 34 : 2 * count);
}

/** As `Trainer::describeTape`. */
function tapeBytes(
  shape: TrainingShape,
  packing: PackingSize,
  { backward, keep, lowest }: { readonly backward: boolean; readonly keep: boolean; readonly lowest: number },
): number {
  const { layers, embedding, attention, keyValue, masks, tempered } = shape;
  const { rows, segmentRows } = packing;
  const scores = [...packing.prefixBlocks, ...packing.segmentBlocks];
  const forward =
    (tempered ? 3 : 2) * floats(rows) +
    3 * floats(segmentRows) +
    floats(keyPadding * keyValue) +
    masks * scores.reduce((sum, { queries, keys }) => sum + floats(queries * keys), 0) +
    (backward ? layers - lowest + Math.min(lowest, 2) : Math.min(layers, 2)) * floats(embedding * rows) +
    floats(embedding * segmentRows);
  const gradients =
    floats(embedding * segmentRows) +
    floats(segmentRows) +
    2 * floats(embedding * rows) +
    floats(attention * rows) +
    2 * floats(keyValue * rows);
  const shared = forward + (backward ? gradients : 0);
  const scratch = !keep || lowest > 0 ? floats(attention * rows) : 0;
  if (!keep) return shared + scratch;
  const perLayer = Array.from({ length: layers - lowest }, (_, i) =>
    layerBytes(shape, packing, lowest + i + 1 === layers),
  );
  return shared + scratch + perLayer.reduce((sum, bytes) => sum + bytes, 0);
}

/** As `Trainer::activationTensors`: in the last block only segment rows go on after attention. */
function layerBytes(shape: TrainingShape, packing: PackingSize, isLast: boolean): number {
  const { embedding, feedForward, attention, keyValue, heads, postNorms, queryKeyNorms } = shape;
  const { rows, segmentRows, prefixBlocks, segmentBlocks } = packing;
  const queryRows = isLast ? segmentRows : rows;
  const scores = [...(isLast ? [] : prefixBlocks), ...segmentBlocks];
  return (
    2 * floats(attention * queryRows) +
    2 * floats(keyValue * rows) +
    (postNorms ? 3 : 1) * floats(embedding * queryRows) +
    2 * floats(feedForward * queryRows) +
    (queryKeyNorms ? floats(attention * queryRows) + floats(keyValue * rows) : 0) +
    scores.reduce((sum, { queries, keys }) => sum + floats(queries * keys * heads), 0)
  );
}

/** As `Trainer::shouldKeepActivations`. */
function keptBytes(shape: TrainingShape, packing: PackingSize, lowest: number): number {
  const { layers, embedding, feedForward, attention, keyValue, heads, postNorms, queryKeyNorms } = shape;
  const norms = (postNorms ? 2 * embedding : 0) + (queryKeyNorms ? attention + keyValue : 0);
  const perRow = embedding + 2 * feedForward + 2 * attention + 2 * keyValue + norms;
  return (layers - lowest) * (perRow * packing.rows + scoreCounts(packing).all * heads) * float;
}

/** Types that are multiplied in F32; all others in BF16. */
function isWide(type: string): boolean {
  return type === "F32" || type === "F16";
}

/** Probabilities of one chunk, and once more in half the width where the head is multiplied in BF16. */
function headChunkOf({ vocabulary, embedding, softcap, head }: TrainingShape, { segmentRows }: PackingSize): number {
  const rows = Math.floor(headChunkBytes / (2 * float * vocabulary));
  const chunk = Math.min(segmentRows, Math.max(smallestHeadChunk, Math.min(largestHeadChunk, rows)));
  const copies = (softcap ? 2 : 1) + (isWide(head.type) ? 0 : 0.5);
  return float * chunk * (vocabulary * copies + headWidth * embedding);
}

/** A model of one layer has only the block that leaves prefixes out. */
function blockBytes(
  shape: TrainingShape,
  targets: readonly LoraTarget[],
  packing: PackingSize,
  keep: boolean,
  device: ComputeDevice,
): number {
  const { layers, embedding, feedForward, attention, keyValue, heads, gelu, fused, postNorms, queryKeyNorms } = shape;
  const rows = layers === 1 ? packing.segmentRows : packing.rows;
  const scores = scoreCounts(packing, layers > 1);
  // Processors without the instructions for BF16 take a little less than what is said here.
  const isFloat = shape.linears.every(({ type }) => isWide(type));
  const widths = peak[device === "gpu" ? "ggml" : isFloat ? "float32" : "bf16"];
  const plain = keep ? widths.kept : widths.again;
  const adapted = keep ? widths.keptAdapted : widths.againAdapted;
  const isAdapted = targets.some((target) => target.startsWith("ffn_"));
  const width = (part: keyof Widths) => plain[part] + (isAdapted ? adapted[part] : 0);
  const feed =
    rows *
    ((width("feedForward") + (gelu ? geluWidth : 0)) * feedForward +
      (width("embedding") + (fused ? fusedWidth : 0)) * embedding);
  if (keep) {
    const attending = rows * (attention + embedding + keyValue);
    return float * Math.max(feed, attending + scoreCopies.kept * scores.largest * heads);
  }
  const normed = (queryKeyNorms ? attention + keyValue : 0) + (postNorms ? 2 * embedding : 0);
  const again = rows * (attention + 2 * keyValue + embedding + normed);
  return float * (again + scoreCopies.again * scores.all * heads + feed);
}

/** Bytes of so many F32 or I32 values in a buffer. */
function floats(count: number): number {
  return padded(float * count);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
