/** A Llama-architecture GGUF from its shape, its tokenizer and a rule for its weights. */
import { type MetadataValue, type TensorToWrite, writeGguf } from "../../core/models/ggufWriter.ts";
import type { Encoding } from "../../core/models/tensorEncoding.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface LlamaShape {
  readonly layers: number;
  /** Width of the residual stream; a multiple of `heads`. */
  readonly embedding: number;
  readonly heads: number;
  /** Divides `heads`. */
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly contextLength: number;
  /** The output head is the embedding. */
  readonly tied: boolean;
}

export interface WeightMatrix {
  readonly name: string;
  /** Inputs of every output, i.e. the length of a row. */
  readonly inputs: number;
  readonly outputs: number;
}

export interface LlamaFile {
  readonly name: string;
  readonly shape: LlamaShape;
  readonly vocabulary: Vocabulary;
  /** Of all matrices; norms are always F32, as in every llama.cpp file. */
  readonly encoding: Encoding;
  readonly chatTemplate?: string;
  /** A matrix as whole rows. Norms are ones. */
  rows(matrix: WeightMatrix): Iterable<Float32Array>;
}

const ropeBase = 10_000;
const normEpsilon = 1e-5;
/** `general.file_type` of llama.cpp. */
const fileTypes: Readonly<Record<Encoding, number>> = { F32: 0, F16: 1, Q8_0: 7 };

export async function writeLlamaFile(path: string, file: LlamaFile): Promise<void> {
  await writeGguf(path, llamaMetadata(file), llamaTensors(file));
}

function llamaMetadata({ name, shape, vocabulary, encoding, chatTemplate }: LlamaFile): Map<string, MetadataValue> {
  const u32 = (value: number): MetadataValue => ({ type: "u32", value });
  const text = (value: string): MetadataValue => ({ type: "text", value });
  return new Map<string, MetadataValue>([
    ["general.architecture", text("llama")],
    ["general.name", text(name)],
    ["general.file_type", u32(fileTypes[encoding])],
    ["general.quantization_version", u32(2)],
    ["llama.block_count", u32(shape.layers)],
    ["llama.context_length", u32(shape.contextLength)],
    ["llama.embedding_length", u32(shape.embedding)],
    ["llama.feed_forward_length", u32(shape.feedForward)],
    ["llama.attention.head_count", u32(shape.heads)],
    ["llama.attention.head_count_kv", u32(shape.kvHeads)],
    ["llama.attention.layer_norm_rms_epsilon", { type: "f32", value: normEpsilon }],
    ["llama.rope.dimension_count", u32(shape.embedding / shape.heads)],
    ["llama.rope.freq_base", { type: "f32", value: ropeBase }],
    ["llama.vocab_size", u32(vocabulary.tokens.length)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("llama-bpe")],
    ["tokenizer.ggml.tokens", { type: "array", of: "text", values: vocabulary.tokens }],
    ["tokenizer.ggml.token_type", { type: "array", of: "i32", values: vocabulary.types }],
    // Whole pieces are looked up before any merge, so there are none; llama.cpp still wants the list.
    ["tokenizer.ggml.merges", { type: "array", of: "text", values: [] }],
    ["tokenizer.ggml.bos_token_id", u32(vocabulary.bos)],
    ["tokenizer.ggml.eos_token_id", u32(vocabulary.eos)],
    ["tokenizer.ggml.add_bos_token", { type: "bool", value: true }],
    ["tokenizer.ggml.add_eos_token", { type: "bool", value: false }],
    ...(chatTemplate === undefined ? [] : ([["tokenizer.chat_template", text(chatTemplate)]] as const)),
  ]);
}

function llamaTensors(file: LlamaFile): TensorToWrite[] {
  const { shape, vocabulary } = file;
  const width = shape.embedding;
  const kvWidth = (width / shape.heads) * shape.kvHeads;
  const matrix = (name: string, inputs: number, outputs: number): TensorToWrite => ({
    name: `${name}.weight`,
    dimensions: [inputs, outputs],
    encoding: file.encoding,
    chunks: () => file.rows({ name: `${name}.weight`, inputs, outputs }),
  });
  const norm = (name: string): TensorToWrite => ({
    name: `${name}.weight`,
    dimensions: [width],
    encoding: "F32",
    chunks: () => [new Float32Array(width).fill(1)],
  });
  const block = (index: number): TensorToWrite[] => [
    norm(`blk.${index}.attn_norm`),
    matrix(`blk.${index}.attn_q`, width, width),
    matrix(`blk.${index}.attn_k`, width, kvWidth),
    matrix(`blk.${index}.attn_v`, width, kvWidth),
    matrix(`blk.${index}.attn_output`, width, width),
    norm(`blk.${index}.ffn_norm`),
    matrix(`blk.${index}.ffn_gate`, width, shape.feedForward),
    matrix(`blk.${index}.ffn_up`, width, shape.feedForward),
    matrix(`blk.${index}.ffn_down`, shape.feedForward, width),
  ];
  return [
    matrix("token_embd", width, vocabulary.tokens.length),
    ...Array.from({ length: shape.layers }, (_, index) => block(index)).flat(),
    norm("output_norm"),
    ...(shape.tied ? [] : [matrix("output", width, vocabulary.tokens.length)]),
  ];
}
