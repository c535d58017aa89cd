/** An adapter as a faulty merge would read it: the same file with other numbers in some of its tensors. */
import { readFileSync, writeFileSync } from "node:fs";
import { readGgufHeader } from "../../core/models/ggufHeader.ts";

/** Makes of the values of a matrix, of rows of `rank` values, what the fault makes of them. */
export type Fault = (values: Float32Array, name: string, rank: number) => Float32Array;

export const faults = {
  "half the scale": (values, name) => (name.endsWith("lora_b") ? values.map((value) => value / 2) : values),
  "a missing pair": (values, name) => (name === "blk.1.ffn_down.weight.lora_b" ? values.map(() => 0) : values),
  // Halves of a head one after the other where llama.cpp has them in turn: the order of Transformers' Llama.
  "queries and keys in another order": (values, name, rank) =>
    /attn_[qk]\.weight\.lora_b$/.test(name) ? interleaved(values, rank, 16) : values,
} as const satisfies Record<string, Fault>;

export async function writeFaultyAdapter(source: string, path: string, fault: Fault): Promise<string> {
  const header = await readGgufHeader(source);
  const bytes = readFileSync(source);
  for (const { name, dimensions, offset, bytes: size } of header.tensors) {
    const start = header.dataStart + offset;
    const values = new Float32Array(new Uint8Array(bytes.subarray(start, start + size)).buffer);
    bytes.set(new Uint8Array(fault(values, name, dimensions[0] as number).buffer), start);
  }
  writeFileSync(path, bytes);
  return path;
}

function interleaved(values: Float32Array, rank: number, head: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < values.length / rank; row++) {
    const [first, within] = [row - (row % head), row % head];
    const from = first + (within % 2) * (head / 2) + Math.floor(within / 2);
    result.set(values.subarray(from * rank, (from + 1) * rank), row * rank);
  }
  return result;
}
