/** Writes GGUF files for tests, right or wrong in whatever way a test wants. */
import { aligned, f32, i32, padded, text, u32, u64 } from "../../support/ggufEncoding.ts";

export type Entry = readonly [
  key: string,
  type: number,
  value: number | bigint | boolean | string | readonly unknown[],
];

export interface TensorSpec {
  readonly name: string;
  readonly dimensions: readonly (number | bigint)[];
  readonly type?: number;
  readonly offset?: number | bigint;
  readonly bytes: number;
}

export interface GgufSpec {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: number | bigint;
  readonly keyCount?: number | bigint;
  readonly metadata: readonly Entry[];
  readonly tensors: readonly TensorSpec[];
}

export const types = { u32: 4, i32: 5, f32: 6, bool: 7, text: 8, array: 9, u64: 10 } as const;

export function ggufBytes(spec: GgufSpec): Buffer {
  const header = Buffer.concat([
    Buffer.from(spec.magic ?? "GGUF"),
    u32(spec.version ?? 3),
    u64(spec.tensorCount ?? spec.tensors.length),
    u64(spec.keyCount ?? spec.metadata.length),
    ...spec.metadata.map(([key, type, value]) => Buffer.concat([text(key), u32(type), encode(type, value)])),
    ...tensorTable(spec.tensors),
  ]);
  const data = Buffer.alloc(spec.tensors.reduce((sum, tensor) => aligned(sum) + tensor.bytes, 0));
  return Buffer.concat([padded(header), data]);
}

function tensorTable(tensors: readonly TensorSpec[]): Buffer[] {
  let next = 0;
  return tensors.map((tensor) => {
    const offset = tensor.offset ?? next;
    next = aligned(next + tensor.bytes);
    return Buffer.concat([
      text(tensor.name),
      u32(tensor.dimensions.length),
      ...tensor.dimensions.map(u64),
      u32(tensor.type ?? 0),
      u64(offset),
    ]);
  });
}

function encode(type: number, value: Entry[2]): Buffer {
  if (type === types.u32) return u32(Number(value));
  if (type === types.i32) return i32(Number(value));
  if (type === types.f32) return f32(Number(value));
  if (type === types.bool) return Buffer.from([value === true ? 1 : 0]);
  if (type === types.text) return text(String(value));
  if (type === types.u64) return u64(value as number | bigint);
  if (type === types.array) {
    const [elementType, ...elements] = value as [number, ...Entry[2][]];
    return Buffer.concat([u32(elementType), u64(elements.length), ...elements.map((e) => encode(elementType, e))]);
  }
  return Buffer.alloc(8);
}

/** A sound one-block model of 8 wide with 4 tokens; only its header makes sense. */
export function tinyModel(
  change: Partial<Record<string, Entry | null>> = {},
  tensors: readonly TensorSpec[] = [],
): GgufSpec {
  const metadata: Entry[] = [
    ["general.architecture", types.text, "llama"],
    ["general.name", types.text, "tiny"],
    ["llama.block_count", types.u32, 1],
    ["llama.embedding_length", types.u32, 8],
    ["llama.context_length", types.u32, 64],
    ["llama.feed_forward_length", types.u32, 16],
    ["llama.attention.head_count", types.u32, 2],
    ["llama.attention.head_count_kv", types.u32, 1],
    ["llama.attention.layer_norm_rms_epsilon", types.f32, 1e-5],
    ["tokenizer.ggml.model", types.text, "gpt2"],
    ["tokenizer.ggml.tokens", types.array, [types.text, "a", "b", "c", "d"]],
    ["tokenizer.ggml.token_type", types.array, [types.i32, 1, 1, 1, 1]],
    ["tokenizer.ggml.bos_token_id", types.u32, 0],
  ];
  const kept = metadata.flatMap((entry) => {
    const other = change[entry[0]];
    return other === undefined ? [entry] : other === null ? [] : [other];
  });
  const known = new Set(metadata.map(([key]) => key));
  const added = Object.values(change).filter((entry): entry is Entry => entry != null && !known.has(entry[0]));
  return {
    metadata: [...kept, ...added],
    tensors: [
      { name: "token_embd.weight", dimensions: [8, 4], bytes: 128 },
      { name: "blk.0.attn_norm.weight", dimensions: [8], bytes: 32 },
      ...tensors,
    ],
  };
}
