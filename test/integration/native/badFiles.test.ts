/** Hostile and unfit files are coded errors; the process and the trainers that are open live on. */
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { MetadataValue } from "../../../core/models/ggufWriter.ts";
import { randomStream } from "../../../core/random.ts";
import { addon, casePath, caseRow, libraries, openTrainer, readCase } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { type TinyShape, writeTinyModel } from "../../support/tinyModels.ts";

const open = (model: string) => addon.openTrainer({ model, libraries, threads: 1 });
const u32 = (value: number): MetadataValue => ({ type: "u32", value });
const text = (value: string): MetadataValue => ({ type: "text", value });

async function bytesAsModel(bytes: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(), "model.gguf");
  await writeFile(path, bytes);
  return path;
}

async function tiny(shape: Partial<TinyShape>): Promise<string> {
  const path = join(await temporaryFolder(), "tiny.gguf");
  await writeTinyModel(path, { seed: 1, tied: false, ropeFactors: false, ...shape });
  return path;
}

test("a missing file is model-not-found", async () => {
  await expect(open("/nowhere/model.gguf")).rejects.toMatchObject({ code: "model-not-found" });
  await expect(open("/tmp")).rejects.toMatchObject({ code: "model-not-found" });
});

describe("a damaged file is model-corrupt", () => {
  test("empty, short, random, text", async () => {
    const stream = randomStream(11, "noise");
    const noise = Uint8Array.from({ length: 50_000 }, () => stream.integer(256));
    const withMagic = Uint8Array.from([...Buffer.from("GGUF"), 3, 0, 0, 0, ...noise]);
    for (const bytes of [
      new Uint8Array(0),
      Buffer.from("GGUF"),
      Buffer.from("version https://git-lfs"),
      noise,
      withMagic,
    ])
      await expect(open(await bytesAsModel(bytes))).rejects.toMatchObject({ code: "model-corrupt" });
  });

  test("cut anywhere, from the first byte of the header to the last byte of the data", async () => {
    const whole = await readFile(await tiny({}));
    const stream = randomStream(12, "cuts");
    const cuts = [8, 24, 100, whole.length / 2, whole.length - 40].map(Math.floor);
    for (let i = 0; i < 40; i++) cuts.push(stream.integer(whole.length - 40));
    for (const cut of cuts) {
      const path = await bytesAsModel(whole);
      await truncate(path, cut);
      await expect(open(path), `cut at ${cut}`).rejects.toMatchObject({ code: "model-corrupt" });
    }
  });

  test("bytes of the header overwritten: an error or a model, never a crash", async () => {
    const whole = await readFile(await tiny({}));
    const stream = randomStream(13, "flips");
    for (let i = 0; i < 150; i++) {
      const bytes = Buffer.from(whole);
      for (let k = 0; k < 4; k++) bytes[stream.integer(3000)] = stream.integer(256);
      try {
        await (await open(await bytesAsModel(bytes))).dispose();
      } catch (error) {
        expect(["model-corrupt", "model-unsupported", "out-of-memory"]).toContain((error as { code?: string }).code);
      }
    }
  });

  test.each<[string, Partial<TinyShape>]>([
    ["an absurd number of blocks", { metadata: { "llama.block_count": u32(4_000_000_000) } }],
    ["more blocks than tensors", { metadata: { "llama.block_count": u32(6) } }],
    ["no blocks", { metadata: { "llama.block_count": u32(0) } }],
    ["no heads", { metadata: { "llama.attention.head_count": u32(0) } }],
    ["heads that key heads do not divide", { metadata: { "llama.attention.head_count_kv": u32(3) } }],
    [
      "an epsilon that is not positive",
      { metadata: { "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 0 } } },
    ],
    ["a count as text", { metadata: { "llama.block_count": text("three") } }],
    ["a missing tensor", { without: ["blk.1.ffn_up.weight"] }],
    ["a missing embedding", { without: ["token_embd.weight"] }],
    ["a tensor with fewer rows", { dimensions: { "blk.0.attn_q.weight": [64, 32] } }],
    ["a norm of another width", { dimensions: { "blk.0.attn_norm.weight": [32] } }],
  ])("%s", async (_, shape) => {
    await expect(open(await tiny(shape))).rejects.toMatchObject({ code: "model-corrupt" });
  });
});

describe("what cannot be trained is model-unsupported and says why", () => {
  test.each<[string, Partial<TinyShape>, RegExp]>([
    ["another architecture", { metadata: { "general.architecture": text("qwen9") } }, /qwen9/],
    ["a mixture of experts", { metadata: { "llama.expert_count": u32(8) } }, /mixture of experts/],
    ["a rope scaling that nobody knows", { metadata: { "llama.rope.scaling.type": text("dynamic") } }, /dynamic/],
    ["a tensor that would change what the model says", { extra: { "blk.0.attn_sinks.weight": [4] } }, /attn_sinks/],
    ["keys and values of different lengths", { metadata: { "llama.attention.value_length": u32(8) } }, /length/],
  ])("%s", async (_, shape, message) => {
    const failure = open(await tiny(shape));
    await expect(failure).rejects.toMatchObject({ code: "model-unsupported", message: expect.stringMatching(message) });
    await expect(failure).rejects.toHaveProperty("action");
  });
});

describe("adapters that do not fit are adapter-mismatch and leave the old one in place", () => {
  test("another model's, a model, a cut one", async () => {
    const trainer = await openTrainer(casePath("llama", "model.gguf"));
    await trainer.loadAdapter(casePath("llama", "adapter.gguf"));
    const row = caseRow(await readCase("llama"));
    const before = await trainer.forward([row], { adapter: true, keep: false });
    for (const path of [casePath("llama-wide", "adapter.gguf"), casePath("llama", "model.gguf")])
      await expect(trainer.loadAdapter(path)).rejects.toMatchObject({ code: "adapter-mismatch" });
    const cut = await bytesAsModel((await readFile(casePath("llama", "adapter.gguf"))).subarray(0, 20_000));
    await expect(trainer.loadAdapter(cut)).rejects.toMatchObject({ code: "model-corrupt" });
    await expect(trainer.loadState(casePath("llama", "adapter.gguf"))).rejects.toMatchObject({
      code: "adapter-mismatch",
    });
    expect(await trainer.forward([row], { adapter: true, keep: false })).toEqual(before);
  });
});

describe("wrong calls are bad-input", () => {
  test("tokens, shapes, order", async () => {
    const trainer = await openTrainer(casePath("llama", "model.gguf"));
    const bad = { code: "bad-input" };
    const forward = (query: number[], responses: number[][]) =>
      trainer.forward([{ query, responses }], { adapter: false, keep: false });
    await expect(forward([512], [[1]])).rejects.toMatchObject(bad);
    await expect(forward([-1], [[1]])).rejects.toMatchObject(bad);
    await expect(forward([], [[1]])).rejects.toMatchObject(bad);
    await expect(forward([1], [])).rejects.toMatchObject(bad);
    await expect(forward([1], [[]])).rejects.toMatchObject(bad);
    await expect(trainer.forward([], { adapter: false, keep: false })).rejects.toMatchObject(bad);
    await expect(
      trainer.forward([{ query: [1], responses: [[2]] }], { adapter: true, keep: false }),
    ).rejects.toMatchObject(bad);
    await trainer.newAdapter({ rank: 2, alpha: 2, targets: ["attn_q"], seed: 1 });
    await expect(trainer.backward([[[1]]])).rejects.toMatchObject(bad);
    await trainer.forward([{ query: [1], responses: [[2, 3]] }], { adapter: true, keep: true });
    await expect(trainer.backward([[[1]]])).rejects.toMatchObject(bad);
    await expect(trainer.saveAdapter("/nowhere/at/all.gguf")).rejects.toMatchObject({ code: "read-only" });
  });

  test("a gradient that is no number changes nothing and is training-diverged", async () => {
    const trainer = await openTrainer(casePath("llama", "model.gguf"));
    await trainer.loadAdapter(casePath("llama", "adapter.gguf"));
    const row = caseRow(await readCase("llama"));
    const before = await trainer.forward([row], { adapter: true, keep: true });
    await trainer.backward(before.map((r) => r.map((x) => x.map(() => Number.NaN))));
    const step = {
      learningRate: 1,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      gradientScale: 1,
      clipNorm: 1,
    };
    await expect(trainer.step(step)).rejects.toMatchObject({ code: "training-diverged" });
    expect(await trainer.forward([row], { adapter: true, keep: false })).toEqual(before);
  });
});
