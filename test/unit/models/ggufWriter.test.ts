import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { type MetadataValue, type TensorToWrite, writeGguf } from "../../../core/models/ggufWriter.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gguf-writer-"));
});
afterEach(() => rm(folder, { recursive: true }));

const metadata = new Map<string, MetadataValue>([
  ["general.architecture", { type: "text", value: "llama" }],
  ["llama.block_count", { type: "u32", value: 4_000_000_000 }],
  ["llama.rope.freq_base", { type: "f32", value: 10_000.5 }],
  ["tokenizer.ggml.add_bos_token", { type: "bool", value: true }],
  ["tokenizer.ggml.tokens", { type: "array", of: "text", values: ["Ġa", "", "é"] }],
  ["tokenizer.ggml.token_type", { type: "array", of: "i32", values: [1, -3] }],
]);

function tensor(over: Partial<TensorToWrite> = {}): TensorToWrite {
  return { name: "w", dimensions: [32, 2], encoding: "F32", chunks: () => [new Float32Array(64).fill(0.5)], ...over };
}

test("our own reader finds every key, shape and offset again", async () => {
  const path = join(folder, "model.gguf");
  await writeGguf(path, metadata, [
    tensor({ name: "odd", dimensions: [3], chunks: () => [Float32Array.of(1, 2, 3)] }),
    tensor({ name: "half", encoding: "F16" }),
    tensor({ name: "eight", encoding: "Q8_0" }),
    tensor({ name: "last", dimensions: [1], chunks: () => [Float32Array.of(7)] }),
  ]);
  const header = await readGgufHeader(path);
  expect(header.version).toBe(3);
  expect(Object.fromEntries(header.metadata)).toEqual({
    "general.architecture": "llama",
    "llama.block_count": 4_000_000_000,
    "llama.rope.freq_base": 10_000.5,
    "tokenizer.ggml.add_bos_token": true,
    "tokenizer.ggml.tokens": { elementType: "text", length: 3, values: ["Ġa", "", "é"] },
    "tokenizer.ggml.token_type": { elementType: "i32", length: 2, values: [1, -3] },
  });
  expect(header.tensors.map(({ name, type, offset, bytes }) => [name, type, offset, bytes])).toEqual([
    ["odd", "F32", 0, 12],
    ["half", "F16", 32, 128],
    ["eight", "Q8_0", 160, 68],
    ["last", "F32", 256, 4],
  ]);
  const file = await readFile(path);
  expect(file.length).toBe(header.dataStart + 256 + 32);
  expect(file.readFloatLE(header.dataStart + 8)).toBe(3);
  expect(file.readFloatLE(header.dataStart + 256)).toBe(7);
});

test("a vocabulary of more entries than a call may have arguments is written", async () => {
  const path = join(folder, "large.gguf");
  const values = Array.from({ length: 260_000 }, (_, i) => `t${i}`);
  await writeGguf(path, new Map([["tokenizer.ggml.tokens", { type: "array", of: "text", values }]]), [tensor()]);
  expect((await readGgufHeader(path)).metadata.get("tokenizer.ggml.tokens")).toMatchObject({ length: 260_000 });
});

test("chunks of any size give the same file", async () => {
  const weights = Float32Array.from({ length: 256 }, (_, i) => Math.sin(i));
  const files = await Promise.all(
    [256, 96, 32].map(async (size) => {
      const path = join(folder, `${size}.gguf`);
      const chunks = () =>
        Array.from({ length: Math.ceil(256 / size) }, (_, i) => weights.subarray(i * size, (i + 1) * size));
      await writeGguf(path, metadata, [tensor({ dimensions: [64, 4], encoding: "Q8_0", chunks })]);
      return readFile(path);
    }),
  );
  expect(files[1]?.equals(files[0] as Buffer)).toBe(true);
  expect(files[2]?.equals(files[0] as Buffer)).toBe(true);
});

describe("what would not be a valid model is refused, and the old file stays", () => {
  test.each<[string, TensorToWrite[], Map<string, MetadataValue>?]>([
    ["two tensors of one name", [tensor(), tensor()]],
    ["a nameless tensor", [tensor({ name: "" })]],
    ["a name that ggml would cut", [tensor({ name: "x".repeat(64) })]],
    ["five dimensions", [tensor({ dimensions: [32, 2, 1, 1, 1] })]],
    ["an empty dimension", [tensor({ dimensions: [32, 0] })]],
    ["rows that are no whole blocks", [tensor({ dimensions: [16, 4], encoding: "Q8_0" })]],
    ["missing weights", [tensor({ chunks: () => [new Float32Array(63)] })]],
    ["too many weights", [tensor({ chunks: () => [new Float32Array(64), new Float32Array(1)] })]],
    ["a NaN", [tensor({ chunks: () => [new Float32Array(64).fill(Number.NaN)] })]],
    ["a weight beyond F16", [tensor({ encoding: "F16", chunks: () => [new Float32Array(64).fill(1e6)] })]],
    ["a number that does not fit its type", [tensor()], new Map([["a.b", { type: "u32", value: -1 }]])],
    ["a key with a space", [tensor()], new Map([["a b", { type: "u32", value: 1 }]])],
  ])("%s", async (_, tensors, keys = metadata) => {
    const path = join(folder, "model.gguf");
    await writeGguf(path, metadata, [tensor()]);
    const before = await readFile(path);
    await expect(writeGguf(path, keys, tensors)).rejects.toMatchObject({ code: "bad-input" });
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(folder)).toEqual(["model.gguf"]);
  });
});
