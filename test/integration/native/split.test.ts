/** A model in several files is the same model: for the trainer, for llama.cpp, merged and quantized. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Token } from "node-llama-cpp";
import { describe, expect, onTestFinished, test } from "vitest";
import { openLanguageModel } from "../../../core/models/llama/loadedModel.ts";
import { ResponseScorer } from "../../../core/models/llama/responseScorer.ts";
import { loadCheckedModel } from "../../../core/models/llama/runtime.ts";
import { randomStream } from "../../../core/random.ts";
import {
  addon,
  casePath,
  caseRow,
  compareFiles,
  largestDifference,
  libraries,
  meanNllGradient,
  openTrainer,
  readCase,
  referenceStep,
} from "../../support/nativeCases.ts";
import { type PartSpec, type SplitOptions, splitModel } from "../../support/splitModel.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeTinyModel } from "../../support/tinyModels.ts";

const whole = casePath("llama-wide", "model.gguf");
const adapter = casePath("llama-wide", "adapter.gguf");
const split = async (source: string, options?: SplitOptions) => splitModel(source, await temporaryFolder(), options);
const open = (model: string) => addon.openTrainer({ model, libraries, threads: 1 });

/** Log-probabilities, gradients and the adapter after a step, as bytes where they are files. */
async function trained(model: string) {
  const trainer = await openTrainer(model);
  await trainer.loadAdapter(adapter);
  const logps = await trainer.forward([caseRow(await readCase("llama-wide"))], { adapter: true, keep: true });
  await trainer.backward(logps.map(meanNllGradient));
  const [gradients, after] = ["gradients.gguf", "after.gguf"];
  const folder = await temporaryFolder();
  await trainer.saveGradients(join(folder, gradients));
  await trainer.step(referenceStep);
  await trainer.saveAdapter(join(folder, after));
  const bytes = await Promise.all([gradients, after].map((name) => readFile(join(folder, name))));
  return { logps, bytes, weights: (await trainer.memory()).weights };
}

describe("training on a split model is training on the whole", () => {
  test.each<[string, SplitOptions, number]>([
    ["three parts, by the first", {}, 0],
    ["three parts, by the last", {}, 2],
    ["a first part that holds metadata alone", { sizes: [0, 5] }, 0],
    ["as many parts as tensors", { sizes: Array.from({ length: 20 }, () => 1) }, 7],
  ])("%s: bit for bit", async (_, options, named) => {
    const paths = await split(whole, options);
    const [expected, actual] = [await trained(whole), await trained(paths[named] as string)];
    expect(actual.logps).toEqual(expected.logps);
    for (const [i, bytes] of expected.bytes.entries()) expect(bytes.equals(actual.bytes[i] as Buffer)).toBe(true);
    // Mapped, not copied: what counts is the files themselves.
    const sizes = await Promise.all(paths.map(async (path) => (await readFile(path)).length));
    expect(actual.weights).toBe(sizes.reduce((a, b) => a + b));
  });

  test("parts whose tensors lie too narrowly to be mapped are copied", async () => {
    const alter = (part: PartSpec, i: number) => (i === 1 ? part : { ...part, alignment: 8 });
    const paths = await split(whole, { alter });
    const [expected, actual] = [await trained(whole), await trained(paths[0] as string)];
    expect(actual.logps).toEqual(expected.logps);
    for (const [i, bytes] of expected.bytes.entries()) expect(bytes.equals(actual.bytes[i] as Buffer)).toBe(true);
    const merged = join(await temporaryFolder(), "merged.gguf");
    await addon.mergeAdapter({ model: paths[0] as string, adapter, output: merged, libraries, threads: 1 });
    await openTrainer(merged);
  });

  test("a quantized one too", async () => {
    const q8 = join(await temporaryFolder(), "q8.gguf");
    await addon.quantize({ input: whole, output: q8, type: "Q8_0", libraries, threads: 1 });
    const paths = await split(q8);
    const [expected, actual] = [await trained(q8), await trained(paths[0] as string)];
    expect(actual.logps).toEqual(expected.logps);
    for (const [i, bytes] of expected.bytes.entries()) expect(bytes.equals(actual.bytes[i] as Buffer)).toBe(true);
  });
});

test("llama.cpp says of a split model, named by any part, just what it says of the whole", async () => {
  const paths = await split(casePath("llama", "model.gguf"));
  const hot = casePath("llama", "adapter.gguf");
  const speak = async (path: string) => {
    const model = await openLanguageModel({ path, adapter: hot, sequences: 1, threads: 1, contextSize: 256 });
    const answer = await model.responseLogps("What is it?", " It is a thing.", { appendEos: true });
    await model.dispose();
    return answer;
  };
  const expected = await speak(casePath("llama", "model.gguf"));
  for (const path of paths) expect(await speak(path)).toEqual(expected);

  const [query, response] = [
    [1, 20, 30, 44, 5],
    [40, 50, 60, 7],
  ];
  const { model } = await loadCheckedModel(paths[1] as string, { threads: 1 });
  onTestFinished(() => model.dispose());
  const shape = { contextSize: 256, batchSize: 256, threads: 1, lora: hot, controlTokens: false };
  const scorer = await ResponseScorer.open(model, shape);
  const { logps } = await scorer.scoreTokens(query as Token[], response as Token[]);
  await scorer.dispose();
  const trainer = await openTrainer(paths[2] as string);
  await trainer.loadAdapter(hot);
  const ours = await trainer.forward([{ query, responses: [response] }], { adapter: true, keep: false });
  expect(largestDifference(ours.flat(), [[...logps]])).toBeLessThan(1e-5);
});

describe("files made from a split model are those made from the whole", () => {
  test.each([0, 2])("merged and quantized, by part %i", async (named) => {
    const part = (await split(whole))[named] as string;
    const folder = await temporaryFolder();
    const made = async (model: string, name: string) => {
      const [merged, quantized] = [join(folder, `${name}-merged.gguf`), join(folder, `${name}-quantized.gguf`)];
      await addon.mergeAdapter({ model, adapter, output: merged, libraries, threads: 1 });
      await addon.quantize({ input: model, output: quantized, type: "Q4_K_M", libraries, threads: 1 });
      return Promise.all([readFile(merged), readFile(quantized)]);
    };
    const [expected, actual] = [await made(whole, "whole"), await made(part, "split")];
    expect(actual[0].equals(expected[0])).toBe(true);
    expect(actual[1].equals(expected[1])).toBe(true);
    expect(actual.some((bytes) => bytes.includes("split.count"))).toBe(false);
  });

  test("of tensors that lie far apart, which files of ggml's own do not", async () => {
    const alter = (part: PartSpec) => ({ ...part, alignment: 512 });
    const [apart = ""] = await split(casePath("llama", "model.gguf"), { alter });
    const folder = await temporaryFolder();
    const [merged, quantized] = [join(folder, "merged.gguf"), join(folder, "quantized.gguf")];
    await addon.mergeAdapter({ model: apart, adapter: casePath("llama", "adapter.gguf"), output: merged, libraries });
    await addon.quantize({ input: apart, output: quantized, type: "Q8_0", libraries, threads: 1 });
    for (const path of [merged, quantized]) {
      await openTrainer(path);
      await (await openLanguageModel({ path, sequences: 1, threads: 1 })).dispose();
    }
  });

  test("weights trained themselves are saved as one file", async () => {
    const [first = ""] = await split(whole);
    const trainer = await openTrainer(first);
    await trainer.trainBase();
    const output = join(await temporaryFolder(), "base.gguf");
    await trainer.saveModel(output);
    for (const [name, error] of await compareFiles(output, whole)) expect(error, name).toBe(0);
    expect((await readFile(output)).includes("split.")).toBe(false);
  });
});

describe("parts that do not belong together are named, with what to do", () => {
  const only = (index: number, change: Partial<PartSpec>) => (part: PartSpec, i: number) =>
    i === index ? { ...part, ...change } : part;
  const drop = (index: number) => (part: PartSpec, i: number) => (i === index ? null : part);
  const architecture = { architecture: "qwen3" };

  test.each<[string, NonNullable<SplitOptions["alter"]>, number, string, RegExp]>([
    ["the last part is missing", drop(2), 0, "model-not-found", /split-00003-of-00003.gguf is missing/],
    ["the first part is missing", drop(0), 1, "model-not-found", /split-00001-of-00003.gguf is missing/],
    ["a part twice, under two names", only(2, { no: 1 }), 0, "model-corrupt", /split-00003-of-00003/],
    ["a part of a larger model", only(1, { count: 5 }), 0, "model-corrupt", /split-00002-of-00003/],
    ["a part of another architecture", only(1, architecture), 0, "model-corrupt", /split-00002-of-00003.*architecture/],
    ["a part that counts other tensors", only(2, { tensorCount: 99 }), 0, "model-corrupt", /split-00003-of-00003/],
    ["no count of tensors", (part) => ({ ...part, tensorCount: null }), 0, "model-corrupt", /tensors/],
    ["a count of tensors that is not theirs", (part) => ({ ...part, tensorCount: 99 }), 0, "model-corrupt", /tensors/],
    ["a part that lost its tensors", only(1, { tensors: [] }), 0, "model-corrupt", /tensors/],
    ["a renamed first part", only(0, { name: "model.gguf" }), 0, "model-not-found", /model.gguf is part 1 of/],
    ["parts that changed names", only(0, { no: 1 }), 0, "model-not-found", /is part 2 of/],
    ["a part beyond the last", only(0, { no: 7 }), 0, "model-corrupt|model-not-found", /part 8 of/],
    ["65 535 announced parts", (part) => ({ ...part, count: 65_535 }), 0, "model-not-found", /65535/],
  ])("%s", async (_, alter, named, code, message) => {
    const path = (await split(whole, { alter }))[named] as string;
    const expected = { code: expect.stringMatching(code), message: expect.stringMatching(message) };
    const failure = open(path);
    await expect(failure).rejects.toMatchObject({ ...expected, action: expect.stringMatching(/\w+ .*\./) });
    await expect(openLanguageModel({ path, sequences: 1, threads: 1 })).rejects.toMatchObject(expected);
    const output = join(await temporaryFolder(), "out.gguf");
    await expect(addon.mergeAdapter({ model: path, adapter, output, libraries })).rejects.toMatchObject(expected);
    await expect(addon.quantize({ input: path, output, type: "Q8_0", libraries })).rejects.toMatchObject(expected);
  });

  test("a tensor in two parts", async () => {
    let first: PartSpec["tensors"] = [];
    const alter = (part: PartSpec, i: number) => {
      if (i === 0) first = part.tensors;
      return i === 1 ? { ...part, tensors: [first[0], ...part.tensors.slice(1)] as PartSpec["tensors"] } : part;
    };
    const [path = ""] = await split(whole, { alter });
    await expect(open(path)).rejects.toMatchObject({
      code: "model-corrupt",
      message: expect.stringMatching(/00002-of-00003/),
    });
    await expect(openLanguageModel({ path })).rejects.toMatchObject({ code: "model-corrupt" });
  });

  test("a part that was cut off, is empty or is no GGUF", async () => {
    const paths = await split(whole);
    const second = paths[1] as string;
    const bytes = await readFile(second);
    for (const damaged of [bytes.subarray(0, bytes.length / 2), bytes.subarray(0, 30), Buffer.alloc(0), "text"]) {
      await writeFile(second, damaged);
      const expected = { code: "model-corrupt", message: expect.stringContaining(second) };
      await expect(open(paths[0] as string)).rejects.toMatchObject(expected);
      await expect(openLanguageModel({ path: paths[0] as string })).rejects.toMatchObject(expected);
    }
  });

  test("bytes of a part's header overwritten: an error or a model, never a crash", async () => {
    const paths = await split(casePath("llama", "model.gguf"));
    const second = paths[1] as string;
    const bytes = await readFile(second);
    const stream = randomStream(17, "flips");
    const loads = [
      async () => (await open(paths[0] as string)).dispose(),
      async () => (await openLanguageModel({ path: second, sequences: 1, threads: 1, contextSize: 256 })).dispose(),
    ];
    for (let i = 0; i < 120; i++) {
      const damaged = Buffer.from(bytes);
      for (let k = 0; k < 2; k++) damaged[stream.integer(500)] = stream.integer(256);
      await writeFile(second, damaged);
      for (const load of loads)
        await load().catch((error: { code?: string }) => {
          expect(["model-corrupt", "model-unsupported", "model-not-found", "out-of-memory"]).toContain(error.code);
        });
    }
  });

  test("a whole model under the name of a part", async () => {
    const path = join(await temporaryFolder(), "tiny-00002-of-00003.gguf");
    await writeTinyModel(path, { seed: 1, tied: false, ropeFactors: false });
    const expected = {
      code: "model-unsupported",
      message: expect.stringMatching(/its name says/),
      action: expect.stringMatching(/rename it/),
    };
    await expect(open(path)).rejects.toMatchObject(expected);
    await expect(openLanguageModel({ path })).rejects.toMatchObject(expected);
  });
});
