/** Small random llama models for tests, in whatever shape a test wants. */
import { type MetadataValue, type TensorToWrite, writeGguf } from "../../core/models/ggufWriter.ts";
import { randomStream } from "../../core/random.ts";

export interface TinyShape {
  readonly seed: number;
  readonly tied: boolean;
  /** A `rope_freqs.weight` as Llama 3 has it. */
  readonly ropeFactors: boolean;
  readonly encoding?: "F32" | "F16" | "Q8_0";
  readonly vocabulary?: number;
  /** Extra or changed metadata. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
  /** Tensors to leave out. */
  readonly without?: readonly string[];
  /** Changed dimensions by tensor name. */
  readonly dimensions?: Readonly<Record<string, readonly number[]>>;
}

/** 64 wide, 3 layers, 4 heads of 16 with 2 key heads, feed-forward 96. */
export async function writeTinyModel(path: string, shape: TinyShape): Promise<void> {
  const vocabulary = shape.vocabulary ?? 64;
  const [width, layers, headSize, kvHeads, feedForward] = [64, 3, 16, 2, 96];
  const tensors: TensorToWrite[] = [];
  const add = (name: string, dimensions: readonly number[], value: (random: number) => number, f32 = false) => {
    if (shape.without?.includes(name)) return;
    const size = shape.dimensions?.[name] ?? dimensions;
    const stream = randomStream(shape.seed, name);
    const weights = Float32Array.from({ length: size.reduce((a, b) => a * b, 1) }, () => value(stream.normal()));
    tensors.push({
      name,
      dimensions: size,
      encoding: f32 ? "F32" : (shape.encoding ?? "F32"),
      chunks: () => [weights],
    });
  };
  const matrix = (name: string, input: number, output: number) =>
    add(name, [input, output], (x) => (1.2 * x) / Math.sqrt(input));
  const norm = (name: string) => add(name, [width], (x) => 1 + 0.1 * x, true);
  add("token_embd.weight", [width, vocabulary], (x) => 0.5 * x);
  norm("output_norm.weight");
  if (!shape.tied) matrix("output.weight", width, vocabulary);
  if (shape.ropeFactors) add("rope_freqs.weight", [headSize / 2], (x) => 1 + 3 * Math.abs(x), true);
  for (let i = 0; i < layers; i++) {
    norm(`blk.${i}.attn_norm.weight`);
    norm(`blk.${i}.ffn_norm.weight`);
    matrix(`blk.${i}.attn_q.weight`, width, width);
    matrix(`blk.${i}.attn_k.weight`, width, kvHeads * headSize);
    matrix(`blk.${i}.attn_v.weight`, width, kvHeads * headSize);
    matrix(`blk.${i}.attn_output.weight`, width, width);
    matrix(`blk.${i}.ffn_gate.weight`, width, feedForward);
    matrix(`blk.${i}.ffn_up.weight`, width, feedForward);
    matrix(`blk.${i}.ffn_down.weight`, feedForward, width);
  }
  const count = (value: number): MetadataValue => ({ type: "u32", value });
  const metadata = new Map<string, MetadataValue>(
    Object.entries({
      "general.architecture": { type: "text", value: "llama" },
      "llama.block_count": count(layers),
      "llama.context_length": count(512),
      "llama.embedding_length": count(width),
      "llama.feed_forward_length": count(feedForward),
      "llama.attention.head_count": count(width / headSize),
      "llama.attention.head_count_kv": count(kvHeads),
      "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 },
      "llama.rope.dimension_count": count(headSize),
      "llama.rope.freq_base": { type: "f32", value: 10_000 },
      ...byteTokenizer(vocabulary),
      ...shape.metadata,
    } satisfies Record<string, MetadataValue>),
  );
  await writeGguf(path, metadata, tensors);
}

/** A tokenizer with a token per printable byte, enough for llama.cpp to load the model. */
function byteTokenizer(vocabulary: number): Record<string, MetadataValue> {
  const tokens = Array.from({ length: vocabulary }, (_, i) => (i < 3 ? `<${i}>` : String.fromCharCode(30 + i)));
  return {
    "tokenizer.ggml.model": { type: "text", value: "gpt2" },
    "tokenizer.ggml.pre": { type: "text", value: "llama-bpe" },
    "tokenizer.ggml.tokens": { type: "array", of: "text", values: tokens },
    "tokenizer.ggml.token_type": { type: "array", of: "i32", values: tokens.map((_, i) => (i < 3 ? 3 : 1)) },
    "tokenizer.ggml.merges": { type: "array", of: "text", values: [] },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: 1 },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: 2 },
  };
}
