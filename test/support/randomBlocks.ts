/** Models in any quantized type, its blocks filled at random: also those that nothing here can quantize to. */
import { readFile, writeFile } from "node:fs/promises";
import { ggmlTypes } from "../../core/models/ggmlTypes.ts";
import { readGgufHeader } from "../../core/models/ggufHeader.ts";
import { float16Bits } from "../../core/models/tensorEncoding.ts";
import { randomStream } from "../../core/random.ts";

/** Where a block keeps its F16 scales (ggml-common.h); the rest of it may be anything. */
const scalesAt = {
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q8_0: [0],
  IQ4_NL: [0],
  Q2_K: [80, 82],
  Q3_K: [108],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
  IQ1_S: [0],
  IQ2_XXS: [0],
  IQ2_XS: [0],
  IQ2_S: [0],
  IQ3_XXS: [0],
  IQ3_S: [0],
  IQ4_XS: [0],
  TQ1_0: [52],
  TQ2_0: [64],
} as const;
export type BlockType = keyof typeof scalesAt;
export const blockTypes = Object.keys(scalesAt) as BlockType[];

/** Largest size of a weight in units of its scale: what keeps a product about as large as its input. */
const largest: Partial<Record<BlockType, number>> = {
  Q3_K: 128,
  Q4_K: 945,
  Q5_K: 1953,
  Q6_K: 4096,
  IQ4_XS: 4064,
  Q2_K: 45,
  Q8_0: 127,
  IQ4_NL: 127,
};

/**
 * Every matrix of the layers of `input`, an F32 model whose rows are whole blocks, in `type`.
 *
 * @param seed of the blocks; scales are all positive and of one size
 */
export async function writeRandomBlocks(input: string, output: string, type: BlockType, seed: number): Promise<void> {
  const bytes = await readFile(input);
  const { tensors, dataStart } = await readGgufHeader(input);
  const [id, { blockSize, blockBytes }] = [...ggmlTypes].find(([, { name }]) => name === type) as [
    number,
    { blockSize: number; blockBytes: number },
  ];
  const random = randomStream(seed, type);
  const scale = 0.25 / (largest[type] ?? 16);
  const infos: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, dimensions, elements, offset: from } of tensors) {
    const changed = name.startsWith("blk.") && dimensions.length === 2;
    const part = changed
      ? randomBlocks(elements / blockSize, blockBytes, scalesAt[type], scale, random)
      : bytes.subarray(dataStart + from, dataStart + from + elements * 4);
    infos.push(tensorInfo(name, dimensions, changed ? id : 0, offset));
    const padding = Buffer.alloc((32 - (part.length % 32)) % 32);
    data.push(part, padding);
    offset += part.length + padding.length;
  }
  // The metadata end where the descriptions of tensors begin.
  const [first] = tensors;
  const begin = bytes.indexOf(tensorInfo(first?.name ?? "", first?.dimensions ?? [], 0, first?.offset ?? 0));
  const header = Buffer.concat([bytes.subarray(0, begin), ...infos]);
  await writeFile(output, Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), ...data]));
}

function randomBlocks(
  blocks: number,
  size: number,
  scales: readonly number[],
  scale: number,
  random: ReturnType<typeof randomStream>,
): Buffer {
  const result = Buffer.alloc(blocks * size);
  for (let i = 0; i < result.length; i++) result[i] = random.integer(256);
  const half = float16Bits(scale);
  for (let block = 0; block < blocks; block++) for (const at of scales) result.writeUInt16LE(half, block * size + at);
  return result;
}

function tensorInfo(name: string, dimensions: readonly number[], type: number, offset: number): Buffer {
  const text = Buffer.from(name);
  const info = Buffer.alloc(8 + text.length + 4 + 8 * dimensions.length + 4 + 8);
  let at = info.writeBigUInt64LE(BigInt(text.length));
  at += text.copy(info, at);
  at = info.writeUInt32LE(dimensions.length, at);
  for (const n of dimensions) at = info.writeBigUInt64LE(BigInt(n), at);
  at = info.writeUInt32LE(type, at);
  info.writeBigUInt64LE(BigInt(offset), at);
  return info;
}
