/** Describes a model or adapter from the header of its file, or of all its files; nothing is loaded. */
import { type MemoryEstimate, type ModelDescription, type ModelFile, modelDescription } from "../contract/models.ts";
import { hashFile, hashModel } from "../workspace/hash.ts";
import { checkAdapterHeader, isAdapter } from "./adapterChecks.ts";
import { type GgufHeader, type GgufPart, readGgufHeader } from "./ggufHeader.ts";
import { arrayValue, countValue, textValue } from "./metadata.ts";
import { checkModelHeader } from "./modelChecks.ts";
import { whyUntrainable } from "./trainable.ts";

/** Tokens per sequence when nobody says otherwise; smaller where the model was trained on less. */
export const defaultContextSize = 2048;
/** Most prompt tokens in one batch; also the least number of tokens that a batch is made for. */
export const promptChunk = 128;

export interface InspectOptions {
  /** Hash the file; reads every byte. */
  readonly hash: boolean;
  readonly sequences: number;
  /** Null = what a load would take. */
  readonly contextSize: number | null;
  readonly signal?: AbortSignal;
}

/**
 * @throws FolkmootError `model-not-found`, `model-corrupt`, `model-unsupported`.
 */
export async function inspectModel(path: string, options: InspectOptions): Promise<ModelDescription> {
  const header = await readGgufHeader(path);
  const adapter = isAdapter(header) ? checkAdapterHeader(header) : null;
  if (adapter === null) checkModelHeader(header);
  const architecture = textValue(header, "general.architecture") ?? "unknown";
  const count = (key: string) => countValue(header, `${architecture}.${key}`);
  const mix = quantizationMix(header);
  const reason = adapter === null ? whyUntrainable(header) : "It is an adapter.";
  return modelDescription.parse({
    path: header.path,
    kind: adapter === null ? "model" : "adapter",
    bytes: header.fileBytes,
    hash: options.hash ? await hashModel(header.path, options.signal) : null,
    files: await Promise.all(header.parts.map((part) => describeFile(part, options))),
    architecture,
    name: textValue(header, "general.name"),
    licence: textValue(header, "general.license"),
    parameters: parameters(header),
    quantization: Object.entries(mix).reduce((most, entry) => (entry[1] > most[1] ? entry : most), ["none", 0])[0],
    quantizationMix: mix,
    contextLength: count("context_length"),
    embedding: count("embedding_length"),
    layers: count("block_count"),
    heads: count("attention.head_count"),
    kvHeads: count("attention.head_count_kv") ?? count("attention.head_count"),
    feedForward: count("feed_forward_length"),
    vocabulary: arrayValue(header, "tokenizer.ggml.tokens")?.length ?? null,
    tokenizer: tokenizerName(header),
    hasChatTemplate: header.metadata.has("tokenizer.chat_template"),
    trainable: { possible: reason === null, reason },
    memory: adapter === null ? estimateMemory(header, options.sequences, options.contextSize) : null,
    adapter: adapter === null ? null : { rank: adapter.rank, alpha: adapter.alpha },
  });
}

async function describeFile({ path, bytes }: GgufPart, { hash, signal }: InspectOptions): Promise<ModelFile> {
  return { path, bytes, hash: hash ? await hashFile(path, signal) : null };
}

/** Tokens that a model was trained on at once. */
export function trainedContext(header: GgufHeader): number {
  const architecture = textValue(header, "general.architecture");
  return countValue(header, `${architecture}.context_length`) ?? defaultContextSize;
}

/** Tokens per sequence that a load takes when it is not told. */
export function loadedContextSize(header: GgufHeader, wanted: number | null): number {
  return wanted ?? Math.min(trainedContext(header), defaultContextSize);
}

/** Bytes by part, from shapes alone: weights, F16 keys and values, and logits plus activations of one batch. */
export function estimateMemory(header: GgufHeader, sequences: number, wanted: number | null): MemoryEstimate {
  const architecture = textValue(header, "general.architecture");
  const count = (key: string) => countValue(header, `${architecture}.${key}`);
  const contextSize = Math.ceil(loadedContextSize(header, wanted) / 256) * 256;
  const embedding = count("embedding_length") ?? 0;
  const heads = count("attention.head_count") ?? 1;
  const keyLength = count("attention.key_length") ?? embedding / heads;
  const valueLength = count("attention.value_length") ?? embedding / heads;
  const kvWidth = (count("attention.head_count_kv") ?? heads) * (keyLength + valueLength);
  const batch = Math.max(promptChunk, sequences);
  const vocabulary = arrayValue(header, "tokenizer.ggml.tokens")?.length ?? 0;
  const weights = header.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const keyValueCache = 2 * (count("block_count") ?? 0) * kvWidth * contextSize * sequences;
  // Logits twice (graph and output), the attention scores of one layer, and a dozen hidden states, all F32.
  const compute = 4 * batch * (2 * vocabulary + 12 * embedding + heads * contextSize);
  return { weights, keyValueCache, compute, total: weights + keyValueCache + compute, sequences, contextSize };
}

function parameters(header: GgufHeader): number {
  return header.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
}

/** Share of the weights per type, largest first. */
function quantizationMix(header: GgufHeader): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { type, elements } of header.tensors) counts.set(type, (counts.get(type) ?? 0) + elements);
  const all = parameters(header);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]).map(([type, count]) => [type, count / all]));
}

function tokenizerName(header: GgufHeader): string | null {
  const model = textValue(header, "tokenizer.ggml.model");
  const pre = textValue(header, "tokenizer.ggml.pre");
  return model !== null && pre !== null ? `${model} (${pre})` : model;
}
