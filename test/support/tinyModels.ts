/** Small random models for tests, of any architecture and in whatever shape a test wants, wrong ones included. */
import { type MetadataValue, type TensorToWrite, writeGguf } from "../../core/models/ggufWriter.ts";
import { randomStream } from "../../core/random.ts";

export interface TinyShape {
  readonly seed: number;
  /** Default llama. */
  readonly architecture?: string;
  readonly tied: boolean;
  /** A `rope_freqs.weight` as Llama 3 has it. */
  readonly ropeFactors: boolean;
  readonly vocabulary?: number;
  /** Query, key and value in one tensor (any architecture may have it). */
  readonly fused?: boolean;
  /** Extra or changed metadata. */
  readonly metadata?: Readonly<Record<string, MetadataValue>>;
  /** Tensors to leave out. */
  readonly without?: readonly string[];
  /** Dimensions of tensors beyond those of the architecture. */
  readonly extra?: Readonly<Record<string, readonly number[]>>;
  /** Changed dimensions by tensor name. */
  readonly dimensions?: Readonly<Record<string, readonly number[]>>;
}

const [width, layers, headSize, kvHeads, feedForward] = [64, 5, 16, 2, 96];
const kvWidth = kvHeads * headSize;

const u32 = (value: number): MetadataValue => ({ type: "u32", value });
const f32 = (value: number): MetadataValue => ({ type: "f32", value });
const text = (value: string): MetadataValue => ({ type: "text", value });

/** What the metadata of each architecture adds; every factor away from its neutral value. */
const architectureMetadata: Readonly<Record<string, Readonly<Record<string, MetadataValue>>>> = {
  gemma2: {
    "attention.sliding_window": u32(8),
    attn_logit_softcapping: f32(2),
    final_logit_softcapping: f32(3),
  },
  gemma3: { "attention.sliding_window": u32(8), final_logit_softcapping: f32(3), "rope.freq_base": f32(1e5) },
  granite: { logit_scale: f32(4), residual_scale: f32(0.3), embedding_scale: f32(5), "attention.scale": f32(0.1) },
  olmo2: {
    "attention.sliding_window": u32(8),
    "rope.scaling.type": text("yarn"),
    "rope.scaling.factor": f32(4),
    "rope.scaling.original_context_length": u32(128),
  },
  mistral3: {
    "rope.scaling.type": text("yarn"),
    "rope.scaling.factor": f32(4),
    "rope.scaling.original_context_length": u32(256),
    "rope.scaling.yarn_log_multiplier": f32(0.7),
    "rope.scaling.yarn_beta_fast": f32(16),
    "attention.temperature_scale": f32(0.1),
  },
  phi3: {
    "rope.scaling.type": text("longrope"),
    "rope.scaling.attn_factor": f32(1.19),
    "rope.scaling.original_context_length": u32(256),
  },
};

/** 64 wide, 5 layers, 4 heads of 16 with 2 key heads, feed-forward 96. */
export async function writeTinyModel(path: string, shape: TinyShape): Promise<void> {
  const architecture = shape.architecture ?? "llama";
  const own = Object.entries(architectureMetadata[architecture] ?? {});
  const metadata = new Map<string, MetadataValue>([
    ["general.architecture", text(architecture)],
    ...Object.entries({
      block_count: u32(layers),
      context_length: u32(512),
      embedding_length: u32(width),
      feed_forward_length: u32(feedForward),
      "attention.head_count": u32(width / headSize),
      "attention.head_count_kv": u32(kvHeads),
      "attention.key_length": u32(headSize),
      "attention.value_length": u32(headSize),
      "attention.layer_norm_rms_epsilon": f32(1e-5),
      "rope.dimension_count": u32(headSize),
      "rope.freq_base": f32(10_000),
    }).map(([key, value]): [string, MetadataValue] => [`${architecture}.${key}`, value]),
    ...own.map(([key, value]): [string, MetadataValue] => [`${architecture}.${key}`, value]),
    ...Object.entries(byteTokenizer(shape.vocabulary ?? 64)),
    ...Object.entries(shape.metadata ?? {}),
  ]);
  await writeGguf(path, metadata, tensorsOf(architecture, shape));
}

function tensorsOf(architecture: string, shape: TinyShape): TensorToWrite[] {
  const tensors: TensorToWrite[] = [];
  const add = (name: string, dimensions: readonly number[], value: (random: number) => number) => {
    if (shape.without?.includes(name)) return;
    const size = shape.dimensions?.[name] ?? dimensions;
    const stream = randomStream(shape.seed, name);
    const weights = Float32Array.from({ length: size.reduce((a, b) => a * b, 1) }, () => value(stream.normal()));
    tensors.push({ name, dimensions: size, encoding: "F32", chunks: () => [weights] });
  };
  const matrix = (name: string, input: number, output: number) =>
    add(`${name}.weight`, [input, output], (x) => (1.2 * x) / Math.sqrt(input));
  const vector = (name: string, size: number, centre = 1) => add(name, [size], (x) => centre + 0.1 * x);
  const vocabulary = shape.vocabulary ?? 64;
  // Logits of a few nats: Gemma multiplies the embedding by √width, a tied head meets it again.
  const scale = architecture.startsWith("gemma") ? 0.1 : shape.tied ? 0.25 : 0.5;
  add("token_embd.weight", [width, vocabulary], (x) => scale * x);
  vector("output_norm.weight", width);
  if (!shape.tied) matrix("output", width, vocabulary);
  if (shape.ropeFactors) add("rope_freqs.weight", [headSize / 2], (x) => 1 + 3 * Math.abs(x));
  if (architecture === "phi3")
    for (const [kind, spread] of [
      ["short", 0.3],
      ["long", 4],
    ] as const)
      add(`rope_factors_${kind}.weight`, [headSize / 2], (x) => 1 + spread * Math.abs(x));
  for (let i = 0; i < layers; i++) addLayer(`blk.${i}`, architecture, shape, matrix, vector);
  for (const [name, size] of Object.entries(shape.extra ?? {})) add(name, size, (x) => x);
  return tensors;
}

function addLayer(
  block: string,
  architecture: string,
  shape: TinyShape,
  matrix: (name: string, input: number, output: number) => void,
  vector: (name: string, size: number, centre?: number) => void,
): void {
  if (architecture !== "olmo2") {
    vector(`${block}.attn_norm.weight`, width);
    vector(`${block}.ffn_norm.weight`, width);
  }
  if (["gemma2", "gemma3", "olmo2"].includes(architecture)) {
    vector(`${block}.post_attention_norm.weight`, width);
    vector(`${block}.post_ffw_norm.weight`, width);
  }
  if (shape.fused === true || architecture === "phi3") {
    matrix(`${block}.attn_qkv`, width, width + 2 * kvWidth);
  } else {
    matrix(`${block}.attn_q`, width, width);
    matrix(`${block}.attn_k`, width, kvWidth);
    matrix(`${block}.attn_v`, width, kvWidth);
  }
  if (architecture === "qwen2")
    for (const [part, size] of [
      ["q", width],
      ["k", kvWidth],
      ["v", kvWidth],
    ] as const)
      vector(`${block}.attn_${part}.bias`, size, 0);
  if (["qwen3", "gemma3"].includes(architecture))
    for (const part of ["q", "k"]) vector(`${block}.attn_${part}_norm.weight`, headSize);
  if (architecture === "olmo2") {
    vector(`${block}.attn_q_norm.weight`, width);
    vector(`${block}.attn_k_norm.weight`, kvWidth);
  }
  matrix(`${block}.attn_output`, width, width);
  if (architecture === "phi3") {
    matrix(`${block}.ffn_up`, width, 2 * feedForward);
  } else {
    matrix(`${block}.ffn_gate`, width, feedForward);
    matrix(`${block}.ffn_up`, width, feedForward);
  }
  matrix(`${block}.ffn_down`, feedForward, width);
}

/** A tokenizer with a token per printable byte, enough for llama.cpp to load the model. */
function byteTokenizer(vocabulary: number): Record<string, MetadataValue> {
  const tokens = Array.from({ length: vocabulary }, (_, i) => (i < 3 ? `<${i}>` : String.fromCharCode(30 + i)));
  return {
    "tokenizer.ggml.model": text("gpt2"),
    "tokenizer.ggml.pre": text("llama-bpe"),
    "tokenizer.ggml.tokens": { type: "array", of: "text", values: tokens },
    "tokenizer.ggml.token_type": { type: "array", of: "i32", values: tokens.map((_, i) => (i < 3 ? 3 : 1)) },
    "tokenizer.ggml.merges": { type: "array", of: "text", values: [] },
    "tokenizer.ggml.bos_token_id": u32(1),
    "tokenizer.ggml.eos_token_id": u32(2),
  };
}

/** One shape of every architecture that can be trained; the tests hold each against llama.cpp and its own slope. */
export const everyArchitecture: readonly Omit<TinyShape, "seed">[] = [
  { architecture: "llama", tied: true, ropeFactors: true },
  { architecture: "llama", tied: false, ropeFactors: false, fused: true },
  { architecture: "mistral3", tied: false, ropeFactors: false },
  { architecture: "smollm3", tied: true, ropeFactors: false },
  { architecture: "qwen2", tied: true, ropeFactors: false },
  { architecture: "qwen3", tied: false, ropeFactors: false },
  { architecture: "gemma", tied: true, ropeFactors: false },
  { architecture: "gemma2", tied: true, ropeFactors: false },
  { architecture: "gemma3", tied: true, ropeFactors: false },
  { architecture: "phi3", tied: false, ropeFactors: false },
  { architecture: "granite", tied: true, ropeFactors: false },
  { architecture: "olmo2", tied: false, ropeFactors: false },
];
