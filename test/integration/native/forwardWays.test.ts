/**
 * What multiplies forward on the processor is measured, and may be ggml's own product, with the weights as they lie or
 * with a copy in one of its extra buffer types. Whatever it is, the numbers are those of our kernels.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OpenOptions } from "../../../core/alignment/nativeTrainer.ts";
import { randomStream } from "../../../core/random.ts";
import { writeRandomModel } from "../../../scripts/models/randomModel.ts";
import { addon, casePath, compareFiles, cosine, libraries, openTrainer } from "../../support/nativeCases.ts";
import { writeRandomBlocks } from "../../support/randomBlocks.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

/** AMX where the processor has it; a way that it lacks is our kernel. */
const ways = ["ggml", "CPU_REPACK", "AMX"] as const;
const types = ["q8_0", "q6_K", "q5_K", "q4_K", "q4_0", "iq4_xs", "bf16", "f16"] as const;

function everyType(way: string): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, way]));
}

function randomRow(vocabulary: number) {
  const stream = randomStream(5, "row");
  const tokens = (length: number) => Array.from({ length }, () => 3 + stream.integer(vocabulary - 3));
  return { query: tokens(23), responses: [tokens(9), tokens(31), tokens(1)] };
}

async function pass(model: string, options: Partial<OpenOptions>) {
  const trainer = await openTrainer(model, options);
  await trainer.loadAdapter(casePath("llama-wide", "adapter.gguf"));
  const row = randomRow(trainer.info.vocabulary);
  const logps = (await trainer.forward([row], { adapter: true, keep: true })).flat(2);
  await trainer.backward([row.responses.map((response) => response.map(() => 1 / response.length))]);
  const gradients = join(await temporaryFolder(), "gradients.gguf");
  await trainer.saveGradients(gradients);
  const { copies } = await trainer.memory();
  return { logps, gradients, copies, products: trainer.info.products };
}

/** Mean square of the difference over the spread of b. */
function nmse(a: readonly number[], b: readonly number[]): number {
  const mean = b.reduce((sum, x) => sum + x, 0) / b.length;
  const error = b.reduce((sum, x, i) => sum + (x - (a[i] ?? Number.NaN)) ** 2, 0);
  return error / b.reduce((sum, x) => sum + (x - mean) ** 2, 0);
}

describe("a way to multiply forward changes no number", () => {
  test.each(["Q8_0", "Q6_K", "Q4_K_M", "Q4_0", "IQ4_XS", "BF16", "F16"] as const)("%s", async (type) => {
    const model = join(await temporaryFolder(), "model.gguf");
    await addon.quantize({ input: casePath("llama-wide", "model.gguf"), output: model, type, libraries, threads: 1 });
    const own = await pass(model, {});
    expect(own.copies).toBe(0);
    for (const way of ways) {
      const other = await pass(model, { forward: everyType(way) });
      expect(nmse(other.logps, own.logps), way).toBeLessThan(1e-6);
      for (const [tensor, similarity] of await compareFiles(other.gradients, own.gradients, cosine))
        expect(similarity, `${way} ${tensor}`).toBeGreaterThan(0.9999);
      const names = Object.values(other.products).map(({ forward }) => forward);
      if (way === "ggml") expect(new Set(names)).toEqual(new Set(["ggml"]));
      expect(other.copies > 0, way).toBe(names.includes("CPU_REPACK") || names.includes("AMX"));
    }
  });
});

test("a weight whose shape the buffer type does not take stays with our kernel", async () => {
  const folder = await temporaryFolder();
  // 300 tokens: not in eights.
  const shape = { layers: 2, embedding: 256, heads: 4, kvHeads: 2, feedForward: 512, contextLength: 128, tied: false };
  const plain = join(folder, "plain.gguf");
  await writeRandomModel(plain, { shape, vocabularySize: 300, encoding: "F32", seed: 1 });
  for (const [name, type] of [
    ["Q4_0", "q4_0"],
    ["Q4_K", "q4_K"],
  ] as const) {
    const model = join(folder, `${name}.gguf`);
    await writeRandomBlocks(plain, model, name, 5);
    const row = randomRow(300);
    const logps = async (options: Partial<OpenOptions>) => {
      const trainer = await openTrainer(model, options);
      return { of: (await trainer.forward([row], { adapter: false, keep: false })).flat(2), trainer };
    };
    const own = await logps({});
    for (const way of ways) {
      const other = await logps({ forward: { [type]: way } });
      expect(nmse(other.of, own.of), `${name} ${way}`).toBeLessThan(1e-4);
    }
  }
});

test("repacked weights are a copy, and a name that nothing has is our kernel", async () => {
  const model = join(await temporaryFolder(), "model.gguf");
  await addon.quantize({
    input: casePath("llama-wide", "model.gguf"),
    output: model,
    type: "Q4_0",
    libraries,
    threads: 1,
  });
  const own = await pass(model, {});
  const unknown = await pass(model, { forward: everyType("CPU_NO_SUCH") });
  expect(unknown).toMatchObject({ logps: own.logps, products: own.products, copies: 0 });
});

test("what is measured is the way that is used: opened with its name it gives the same bits", async () => {
  const folder = await temporaryFolder();
  const [plain, model] = [join(folder, "plain.gguf"), join(folder, "model.gguf")];
  // Large enough to be measured: 6 million weights of one type.
  const shape = { layers: 2, embedding: 512, heads: 8, kvHeads: 4, feedForward: 1536, contextLength: 128, tied: false };
  await writeRandomModel(plain, { shape, vocabularySize: 512, encoding: "F16", seed: 1 });
  await addon.quantize({ input: plain, output: model, type: "Q4_0", libraries, threads: 1 });
  const row = randomRow(512);
  const open = async (options: Partial<OpenOptions>) => {
    const trainer = await openTrainer(model, options);
    const logps = await trainer.forward([row], { adapter: false, keep: false });
    return { logps, products: trainer.info.products, copies: (await trainer.memory()).copies };
  };
  const measured = await open({ copyBytes: 2 ** 30 });
  const chosen = Object.entries(measured.products).map(([type, { forward }]) => [type, forward]);
  expect(chosen.map(([type]) => type)).toContain("q4_0");
  expect(await open({ copyBytes: 2 ** 30 })).toEqual(measured);
  expect(await open({ forward: Object.fromEntries(chosen) })).toEqual(measured);
  // Without room nothing is copied.
  const { products, copies } = await open({ copyBytes: 0 });
  expect(copies).toBe(0);
  for (const { forward } of Object.values(products))
    expect(["vnni", "bf16", "rounded-f32", "f32", "ggml"]).toContain(forward);
});

test("resumes need not be measured again: F32 weights and small models never are", async () => {
  const trainer = await openTrainer(casePath("llama-wide", "model.gguf"));
  expect(trainer.info.products).toEqual({ f32: { forward: "f32", backward: "f32" } });
});
