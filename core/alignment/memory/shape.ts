/** What a model's memory in training depends on, from its header alone. */
import type { LoraSettings, LoraTarget } from "../../contract/alignment.ts";
import type { GgufHeader, GgufTensor } from "../../models/ggufHeader.ts";
import { arrayValue, countValue, numberValue, textValue } from "../../models/metadata.ts";
import { keyMissing, modelCorrupt } from "../../models/modelErrors.ts";

export interface LinearShape {
  /** Block that it belongs to; null for the head. */
  readonly layer: number | null;
  /** What a user calls it; of a fused tensor all its parts. Empty for the head. */
  readonly targets: readonly LoraTarget[];
  readonly input: number;
  readonly output: number;
  /** llama.cpp's name, e.g. `Q8_0`. */
  readonly type: string;
  /** In the file. */
  readonly bytes: number;
}

export interface TrainingShape {
  readonly architecture: string;
  readonly fileBytes: number;
  readonly layers: number;
  readonly embedding: number;
  readonly feedForward: number;
  readonly heads: number;
  /** Widths of all query heads and of all key heads. */
  readonly attention: number;
  readonly keyValue: number;
  readonly headSize: number;
  readonly vocabulary: number;
  readonly contextLength: number;
  readonly linears: readonly LinearShape[];
  /** The output head: the embedding where the model ties them. */
  readonly head: LinearShape;
  /** Of the embedding where the head is a matrix of its own, else 0: its rows are gathered on the host (native/src). */
  readonly embeddingBytes: number;
  readonly postNorms: boolean;
  readonly queryKeyNorms: boolean;
  readonly gelu: boolean;
  readonly softcap: boolean;
  readonly fused: boolean;
  /** Queries are scaled by their position (Mistral 3). */
  readonly tempered: boolean;
  /** Different attention masks: with and without a sliding window. */
  readonly masks: number;
}

const targetsOf: Readonly<Record<string, readonly LoraTarget[]>> = {
  attn_q: ["attn_q"],
  attn_k: ["attn_k"],
  attn_v: ["attn_v"],
  attn_qkv: ["attn_q", "attn_k", "attn_v"],
  attn_output: ["attn_output"],
  ffn_gate: ["ffn_gate"],
  ffn_up: ["ffn_up"],
  ffn_down: ["ffn_down"],
};
/** Every so many layers one sees everything, where the file does not say it (native/src/architecture.cpp). */
const windowPatterns: Readonly<Record<string, number>> = { gemma2: 2, gemma3: 6, olmo2: 4 };
const gemma2Window = 4096;

/** @throws model-corrupt, model-unsupported where the header lacks a number or a tensor that every model has */
export function trainingShape(header: GgufHeader): TrainingShape {
  const architecture = textValue(header, "general.architecture") ?? "";
  const count = (key: string, otherwise?: number) => {
    const value = countValue(header, `${architecture}.${key}`) ?? otherwise;
    if (value === undefined) throw keyMissing(header.path, architecture, `${architecture}.${key}`);
    return value;
  };
  const embedding = count("embedding_length");
  const feedForward = count("feed_forward_length");
  const heads = count("attention.head_count");
  const headSize = count("attention.key_length", embedding / heads);
  const layers = count("block_count");
  const tensor = (name: string) => header.tensors.find((candidate) => candidate.name === name);
  const headTensor = tensor("output.weight") ?? tensor("token_embd.weight");
  if (headTensor === undefined) throw modelCorrupt(header.path, "token_embd.weight is missing");
  const head = linearOf(headTensor, null, []);
  return {
    architecture,
    fileBytes: header.fileBytes,
    layers,
    embedding,
    feedForward,
    heads,
    attention: heads * headSize,
    keyValue: count("attention.head_count_kv", heads) * headSize,
    headSize,
    vocabulary: head.output,
    contextLength: count("context_length", 2048),
    linears: linearsOf(header, feedForward),
    head,
    embeddingBytes: tensor("output.weight") === undefined ? 0 : (tensor("token_embd.weight")?.bytes ?? 0),
    postNorms: tensor("blk.0.post_attention_norm.weight") !== undefined,
    queryKeyNorms: tensor("blk.0.attn_q_norm.weight") !== undefined,
    gelu: architecture.startsWith("gemma"),
    softcap: (numberValue(header, `${architecture}.final_logit_softcapping`) ?? 0) > 0,
    fused: tensor("blk.0.attn_qkv.weight") !== undefined,
    tempered: (numberValue(header, `${architecture}.attention.temperature_scale`) ?? 0) !== 0,
    masks: maskCount(header, architecture, layers),
  };
}

export type AdapterSettings = Pick<LoraSettings, "rank" | "ranks" | "targets" | "layers">;

/** Weights in an adapter. */
export function adapterWeights({ linears }: TrainingShape, lora: AdapterSettings): number {
  return adaptedPairs(linears, lora).reduce((sum, { rank, input, output }) => sum + rank * (input + output), 0);
}

/** Linears that get a pair, with its rank: of a fused one, any part is enough, and the largest rank counts. */
export function adaptedPairs(
  linears: readonly LinearShape[],
  { rank, ranks, targets, layers }: AdapterSettings,
): readonly (LinearShape & { readonly rank: number })[] {
  return linears.flatMap((linear) => {
    const own = linear.targets.filter((target) => targets.includes(target));
    const isIn =
      layers === null || (linear.layer !== null && linear.layer >= layers.first && linear.layer <= layers.last);
    return own.length === 0 || !isIn
      ? []
      : [{ ...linear, rank: Math.max(...own.map((target) => ranks[target] ?? rank)) }];
  });
}

function linearsOf(header: GgufHeader, feedForward: number): LinearShape[] {
  return header.tensors.flatMap((tensor) => {
    const [, layer, name = ""] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(tensor.name) ?? [];
    const targets = targetsOf[name];
    if (targets === undefined) return [];
    const both = name === "ffn_up" && tensor.dimensions[1] === 2 * feedForward;
    return [linearOf(tensor, Number(layer), both ? ["ffn_gate", "ffn_up"] : targets)];
  });
}

function linearOf(tensor: GgufTensor, layer: number | null, targets: readonly LoraTarget[]): LinearShape {
  const { dimensions, type, bytes } = tensor;
  return { layer, targets, input: dimensions[0] ?? 0, output: dimensions[1] ?? 0, type, bytes };
}

function maskCount(header: GgufHeader, architecture: string, layers: number): number {
  const usual = windowPatterns[architecture];
  const window = numberValue(header, `${architecture}.attention.sliding_window`);
  if (usual === undefined || (window ?? (architecture === "gemma2" ? gemma2Window : 0)) === 0) return 1;
  const key = `${architecture}.attention.sliding_window_pattern`;
  const listed = typeof header.metadata.get(key) === "object" ? arrayValue(header, key)?.values : null;
  if (listed != null) return new Set(listed.map(Boolean)).size;
  const pattern = numberValue(header, key) ?? usual;
  return pattern > 1 && layers >= pattern ? 2 : 1;
}
