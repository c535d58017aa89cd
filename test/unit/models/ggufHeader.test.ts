import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { FolkmootError } from "../../../core/contract/errors.ts";
import { checkAdapterFits, checkAdapterHeader } from "../../../core/models/adapterChecks.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { inspectModel } from "../../../core/models/inspect.ts";
import { checkModelHeader } from "../../../core/models/modelChecks.ts";
import { checkTrainable } from "../../../core/models/trainable.ts";
import { randomStream } from "../../../core/random.ts";
import { type GgufSpec, ggufBytes, tinyModel, types } from "./ggufBytes.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "folkmoot-gguf-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, "model.gguf");
  await writeFile(path, bytes);
  return path;
}

async function checked(bytes: Uint8Array | string) {
  const header = await readGgufHeader(await written(bytes));
  checkModelHeader(header);
  return header;
}

async function codeOf(bytes: Uint8Array | string): Promise<string> {
  return checked(bytes).then(
    () => "accepted",
    (error: unknown) => (error instanceof FolkmootError ? error.code : `escaped: ${error}`),
  );
}

const fixture = (name: string) => new URL(`../../fixtures/cases/llama/${name}`, import.meta.url).pathname;

describe("readGgufHeader", () => {
  it("reads metadata and tensors of a sound file", async () => {
    const header = await checked(ggufBytes(tinyModel()));
    expect(header.metadata.get("llama.attention.head_count")).toBe(2);
    expect(header.metadata.get("tokenizer.ggml.tokens")).toEqual({
      elementType: "text",
      length: 4,
      values: ["a", "b", "c", "d"],
    });
    expect(header.tensors).toEqual([
      { name: "token_embd.weight", dimensions: [8, 4], elements: 32, type: "F32", offset: 0, part: 0, bytes: 128 },
      { name: "blk.0.attn_norm.weight", dimensions: [8], elements: 8, type: "F32", offset: 128, part: 0, bytes: 32 },
    ]);
  });

  it("reads past long vocabularies without keeping them", async () => {
    const tokens = Array.from({ length: 50_000 }, (_, i) => `token ${i}`);
    const header = await checked(
      ggufBytes(
        tinyModel({
          "tokenizer.ggml.tokens": ["tokenizer.ggml.tokens", types.array, [types.text, ...tokens]],
          "tokenizer.ggml.token_type": null,
        }),
      ),
    );
    expect(header.metadata.get("tokenizer.ggml.tokens")).toMatchObject({ length: 50_000, values: null });
    expect(header.tensors).toHaveLength(2);
  });

  it("refuses every truncation of a sound file", async () => {
    const bytes = ggufBytes(tinyModel());
    for (let length = 0; length < bytes.length; length++)
      expect(await codeOf(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes`).toBe("model-corrupt");
  });

  it("answers every flipped byte and random tail with a coded error or a header, never otherwise", async () => {
    const bytes = ggufBytes(tinyModel());
    const random = randomStream(7, "flipped bytes");
    const outcomes = new Set<string>();
    for (let at = 0; at < bytes.length - 160; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = random.integer(256);
      if (random.uniform() < 0.2) randomBytes(bytes.length - at).copy(flipped, at);
      outcomes.add(await codeOf(flipped));
    }
    for (const outcome of outcomes) expect(["accepted", "model-corrupt", "model-unsupported"]).toContain(outcome);
  });

  it.each<[string, Uint8Array | string]>([
    ["an empty file", ""],
    ["ten bytes", "GGUF\u0003\0\0\0\0\0"],
    ["random bytes", randomBytes(4096)],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"],
    ["the magic and random bytes", Buffer.concat([Buffer.from("GGUF\u0003\0\0\0"), randomBytes(4096)])],
    ["absurd counts", ggufBytes({ ...tinyModel(), tensorCount: 2n ** 62n, keyCount: 2n ** 62n })],
    ["more keys than the file has", ggufBytes({ ...tinyModel(), keyCount: 14 })],
    ["a text longer than the file", ggufBytes({ metadata: [], tensors: [], keyCount: 1 }).fill(0xff, 24)],
    ["77 dimensions", withTensor({ dimensions: Array(77).fill(1), bytes: 4 })],
    ["a dimension of 2^63", withTensor({ dimensions: [2n ** 63n], bytes: 32 })],
    ["a shape that overflows", withTensor({ dimensions: [2 ** 30, 2 ** 30], bytes: 32 })],
    ["an empty dimension", withTensor({ dimensions: [0, 8], bytes: 0 })],
    ["a tensor behind the end", withTensor({ dimensions: [8, 4], bytes: 32 })],
    ["overlapping tensors", withTensor({ dimensions: [8], bytes: 32, offset: 0 })],
    ["an offset of 2^60", withTensor({ dimensions: [8], bytes: 32, offset: 2n ** 60n })],
    ["rows that do not fit the blocks", withTensor({ dimensions: [8, 4], bytes: 128, type: 8 })],
    ["an alignment of 3", ggufBytes(tinyModel({ a: ["general.alignment", types.u32, 3] }))],
    ["an alignment of 0", ggufBytes(tinyModel({ a: ["general.alignment", types.u32, 0] }))],
    ["a list of lists", ggufBytes(tinyModel({ a: ["x", types.array, [types.array, [types.u32, 1]]] }))],
  ])("refuses %s", async (_, bytes) => {
    expect(await codeOf(bytes)).toBe("model-corrupt");
  });

  it.each<[string, Uint8Array]>([
    ["version 1", ggufBytes({ ...tinyModel(), version: 1 })],
    ["a big-endian file", ggufBytes({ ...tinyModel(), version: 3 << 24 })],
    ["an unknown tensor type", withTensor({ dimensions: [8], bytes: 32, type: 200 })],
  ])("names %s as unsupported", async (_, bytes) => {
    expect(await codeOf(bytes)).toBe("model-unsupported");
  });

  it("tells a missing file and a folder from a damaged one", async () => {
    await expect(readGgufHeader(join(folder, "none.gguf"))).rejects.toMatchObject({ code: "model-not-found" });
    await expect(readGgufHeader(folder)).rejects.toMatchObject({ code: "model-not-found" });
  });
});

describe("checkModelHeader", () => {
  const number = (key: string, value: number, type: number = types.u32) =>
    ggufBytes(tinyModel({ [key]: [key, type, value] }));

  it.each<[string, Uint8Array]>([
    ["4 000 000 000 blocks", number("llama.block_count", 4_000_000_000)],
    ["a block without tensors", number("llama.block_count", 2)],
    ["no heads", number("llama.attention.head_count", 0)],
    ["heads that do not divide the embedding", number("llama.attention.head_count", 3)],
    ["more key-value heads than heads", number("llama.attention.head_count_kv", 4)],
    ["an epsilon that is no number", number("llama.attention.layer_norm_rms_epsilon", Number.NaN, types.f32)],
    ["an epsilon of 0", number("llama.attention.layer_norm_rms_epsilon", 0, types.f32)],
    ["an infinite rope base", number("llama.rope.freq_base", Number.POSITIVE_INFINITY, types.f32)],
    ["a context of 0 tokens", number("llama.context_length", 0)],
    ["experts of which none is used", number("llama.expert_count", 8)],
    ["a beginning-of-sequence token outside of the vocabulary", number("tokenizer.ggml.bos_token_id", 99)],
    [
      "a block count that is text",
      ggufBytes(tinyModel({ b: null, "llama.block_count": ["llama.block_count", types.text, "1"] })),
    ],
    ["no architecture", ggufBytes(tinyModel({ "general.architecture": null }))],
    ["no vocabulary", ggufBytes(tinyModel({ "tokenizer.ggml.tokens": null }))],
    [
      "a short list of token types",
      ggufBytes(tinyModel({ "tokenizer.ggml.token_type": ["tokenizer.ggml.token_type", types.array, [types.i32, 1]] })),
    ],
    ["norms stored as integers", withTensor({ name: "blk.0.ffn_norm.weight", dimensions: [8], bytes: 32, type: 26 })],
  ])("refuses %s before any native load", async (_, bytes) => {
    expect(await codeOf(bytes)).toBe("model-corrupt");
  });

  it("names projectors and 64-bit weights as unsupported", async () => {
    expect(await codeOf(ggufBytes(tinyModel({ t: ["general.type", types.text, "mmproj"] })))).toBe("model-unsupported");
    expect(await codeOf(withTensor({ name: "blk.0.attn_q.weight", dimensions: [8, 8], bytes: 512, type: 28 }))).toBe(
      "model-unsupported",
    );
  });
});

describe("a file of an unknown architecture", () => {
  const foreign = ["general.architecture", types.text, "mamba7"] as const;

  it("that does not say what a language model does is unsupported, not damaged: it is named, and what is supported", async () => {
    const header = await readGgufHeader(await written(ggufBytes(tinyModel({ "general.architecture": foreign }))));
    const named = { code: "model-unsupported", message: expect.stringContaining('"mamba7"') };
    const refusal = expect.objectContaining({ ...named, action: expect.stringContaining("llama, mistral3") }) as Error;
    expect(() => checkModelHeader(header)).toThrowError(refusal);
    expect(() => trainingShape(header)).toThrowError(refusal);
  });

  it("but with all that llama.cpp needs is left to it, and not to the trainer", async () => {
    const keys = ["block_count", "embedding_length", "context_length"] as const;
    const own = keys.map((key) => [key, [`mamba7.${key}`, types.u32, key === "block_count" ? 1 : 8]] as const);
    const spec = tinyModel({ "general.architecture": foreign, ...Object.fromEntries(own) });
    const header = await readGgufHeader(await written(ggufBytes(spec)));
    checkModelHeader(header);
    const refusal = { code: "model-unsupported", reason: expect.stringContaining("mamba7 cannot be trained; llama") };
    expect(() => checkTrainable(header)).toThrowError(expect.objectContaining(refusal) as Error);
  });
});

describe("adapters", () => {
  const pair = (type: number, bytes: number, rank = 4): GgufSpec => ({
    metadata: [
      ["general.type", types.text, "adapter"],
      ["general.architecture", types.text, "llama"],
      ["adapter.type", types.text, "lora"],
      ["adapter.lora.alpha", types.f32, 8],
    ],
    tensors: [
      { name: "blk.0.attn_q.weight.lora_a", dimensions: [8, 4], bytes: 32 * bytes, type },
      { name: "blk.0.attn_q.weight.lora_b", dimensions: [rank, 8], bytes: rank * 8 * bytes, type },
    ],
  });
  const read = async (spec: GgufSpec) => checkAdapterHeader(await readGgufHeader(await written(ggufBytes(spec))));

  it("reads rank, alpha and targets", async () => {
    expect(await read(pair(0, 4))).toEqual({ rank: 4, alpha: 8, targets: ["blk.0.attn_q.weight"] });
  });

  it("refuses 64-bit tensors, which would end the process", async () => {
    await expect(read(pair(28, 8))).rejects.toMatchObject({ code: "model-unsupported" });
  });

  it("refuses pairs whose shapes do not meet and halves of pairs", async () => {
    await expect(read(pair(0, 4, 3))).rejects.toMatchObject({ code: "model-corrupt" });
    const spec = pair(0, 4);
    await expect(read({ ...spec, tensors: spec.tensors.slice(0, 1) })).rejects.toMatchObject({ code: "model-corrupt" });
  });

  it("finds out that an adapter belongs to another model", async () => {
    const adapter = await readGgufHeader(fixture("adapter.gguf"));
    checkAdapterFits(adapter, await readGgufHeader(fixture("model.gguf")));
    const other = await readGgufHeader(await written(ggufBytes(tinyModel())));
    expect(() => checkAdapterFits(adapter, other)).toThrowError(
      expect.objectContaining({ code: "adapter-mismatch" }) as Error,
    );
  });
});

describe("inspectModel", () => {
  const options = { hash: true, sequences: 8, contextSize: 512 };

  it("describes the reference model", async () => {
    expect(await inspectModel(fixture("model.gguf"), options)).toMatchObject({
      kind: "model",
      architecture: "llama",
      parameters: 151_872,
      quantization: "F32",
      contextLength: 512,
      embedding: 64,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      vocabulary: 512,
      hasChatTemplate: false,
      trainable: { possible: true, reason: null },
      hash: "3c8d7a720fe2153e0cd6c07184f2657364cdeb8ed82c291f7a9c8d4ad3c58853",
      // 2 bytes · 2 layers · 2 heads · (16 + 16) · 512 tokens · 8 sequences
      memory: { weights: 607_488, keyValueCache: 1_048_576, sequences: 8, contextSize: 512 },
    });
  });

  it("recognizes an adapter as such", async () => {
    expect(await inspectModel(fixture("adapter.gguf"), options)).toMatchObject({
      kind: "adapter",
      adapter: { rank: 4, alpha: 8 },
      trainable: { possible: false },
      memory: null,
    });
  });

  it("says why a model cannot be trained", async () => {
    const trainableWith = async (type: number, bytes: number) => {
      const model = withTensor({ name: "blk.0.ffn_up.weight", dimensions: [256, 8], bytes, type });
      return inspectModel(await written(model), { ...options, hash: false });
    };
    const quantized = await trainableWith(12, 1152);
    expect(quantized.quantization).toBe("Q4_K");
    expect(quantized.trainable).toEqual({ possible: true, reason: null });
    expect((await trainableWith(40, 1152)).trainable).toEqual({
      possible: false,
      reason: "Weights of the type NVFP4 cannot be trained.",
    });
  });
});

function withTensor(tensor: Partial<GgufSpec["tensors"][number]> & { bytes: number }): Buffer {
  return ggufBytes(tinyModel({}, [{ name: "blk.0.x.weight", dimensions: [8], ...tensor }]));
}
