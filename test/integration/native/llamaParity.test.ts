/** Our forward against llama.cpp's on the same file: what is trained is what will be served. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { LlamaModel, Token } from "node-llama-cpp";
import { describe, expect, onTestFinished, test } from "vitest";
import type { OpenOptions, TokenRow } from "../../../core/alignment/nativeTrainer.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { ResponseScorer } from "../../../core/models/llama/responseScorer.ts";
import { loadCheckedModel } from "../../../core/models/llama/runtime.ts";
import { trainableArchitectures } from "../../../core/models/trainable.ts";
import { randomStream } from "../../../core/random.ts";
import { addon, casePath, libraries, openCase, openTrainer } from "../../support/nativeCases.ts";
import { blockTypes, writeRandomBlocks } from "../../support/randomBlocks.ts";
import { referenceCases } from "../../support/referenceCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { everyArchitecture, writeTinyModel } from "../../support/tinyModels.ts";

async function llamaModel(path: string): Promise<LlamaModel> {
  const { model } = await loadCheckedModel(path, { threads: 1 });
  onTestFinished(() => model.dispose());
  return model;
}

/** llama.cpp's log-probability of every response token, keys and values in F32, flash attention off. */
async function llamaLogps(path: string, adapter: string | null, row: TokenRow, contextSize = 256): Promise<number[][]> {
  const scorer = await ResponseScorer.open(await llamaModel(path), {
    contextSize,
    batchSize: contextSize,
    threads: 1,
    lora: adapter,
    controlTokens: false,
  });
  const logps: number[][] = [];
  for (const response of row.responses)
    logps.push([...(await scorer.scoreTokens(row.query as Token[], response as Token[])).logps]);
  await scorer.dispose();
  return logps;
}

function randomRow(vocabulary: number, seed: number): TokenRow {
  const stream = randomStream(seed, "row");
  const tokens = (length: number) => Array.from({ length }, () => 3 + stream.integer(vocabulary - 3));
  return { query: tokens(23), responses: [tokens(9), tokens(31), tokens(1)] };
}

const difference = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  Math.max(...a.flatMap((row, i) => row.map((x, t) => Math.abs(x - (b[i]?.[t] ?? Number.NaN)))));

/**
 * llama.cpp's GELU on the CPU reads an F16 table, and so does the trainer where it computes with ggml's operations
 * alone. Two near-equal inputs may then fall on two sides of a step.
 */
const likeLlama = (architecture: string | undefined): [Partial<OpenOptions>, number] =>
  architecture?.startsWith("gemma") ? [{ products: "ggml" }, 5e-4] : [{}, 1e-5];

describe("F32 log-probabilities are llama.cpp's", () => {
  // llama.cpp's contexts are multiples of 256, beyond the original one of phi3-short.
  test.each(referenceCases.filter(({ name }) => name !== "phi3-short"))(
    "$name, with and without its adapter",
    async ({ name }) => {
      const [options, within] = likeLlama(name);
      const model = casePath(name, "model.gguf");
      const adapter = casePath(name, "adapter.gguf");
      const trainer = await openCase(name, options);
      const row = randomRow(trainer.info.vocabulary, 3);
      for (const path of [null, adapter]) {
        const [ours = []] = await trainer.forward([row], { adapter: path !== null, keep: false });
        expect(difference(ours, await llamaLogps(model, path, row))).toBeLessThan(within);
      }
    },
  );

  test.each(everyArchitecture)("%o", async (shape) => {
    const path = join(await temporaryFolder(), "tiny.gguf");
    await writeTinyModel(path, { ...shape, seed: 21 });
    const [options, within] = likeLlama(shape.architecture);
    const trainer = await openTrainer(path, options);
    const row = randomRow(64, 5);
    const [ours = []] = await trainer.forward([row], { adapter: false, keep: false });
    expect(difference(ours, await llamaLogps(path, null, row))).toBeLessThan(within);
  });

  test("inspection calls exactly these architectures trainable", async () => {
    const tested = new Set(everyArchitecture.map(({ architecture }) => architecture));
    expect([...tested].sort()).toEqual([...trainableArchitectures].sort());
  });

  test("phi3 served beyond its original context uses the long rope factors", async () => {
    const path = join(await temporaryFolder(), "tiny.gguf");
    await writeTinyModel(path, { architecture: "phi3", tied: false, ropeFactors: false, seed: 22 });
    const row = randomRow(64, 6);
    const served = await llamaLogps(path, null, row, 512);
    const long = await openTrainer(path, { contextLength: 512 });
    const short = await openTrainer(path);
    const logps = async (trainer: typeof long) =>
      (await trainer.forward([row], { adapter: false, keep: false })).flat();
    expect(difference(await logps(long), served)).toBeLessThan(1e-5);
    expect(difference(await logps(short), served)).toBeGreaterThan(1e-3);
  });
});

/** ‖a − b‖² over the spread of b: of log-probabilities what it is of logits. */
function nmse(a: readonly number[], b: readonly number[]): number {
  const mean = b.reduce((sum, x) => sum + x, 0) / b.length;
  const error = b.reduce((sum, x, i) => sum + (x - (a[i] ?? Number.NaN)) ** 2, 0);
  return error / b.reduce((sum, x) => sum + (x - mean) ** 2, 0);
}

/** Every token of the vocabulary as a response of one: the whole distribution after the query. */
async function distribution(
  model: string,
  query: readonly number[],
  options: Partial<OpenOptions> = {},
): Promise<number[]> {
  const trainer = await openTrainer(model, options);
  const responses = Array.from({ length: trainer.info.vocabulary }, (_, token) => [token]);
  return (await trainer.forward([{ query: [...query], responses }], { adapter: false, keep: false })).flat(2);
}

describe("on a base that is not F32 the forward is llama.cpp's, its rounding of activations included", () => {
  const { query } = randomRow(256, 8);

  test.each(["Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0", "IQ4_XS", "BF16", "F16"] as const)("%s", async (type) => {
    const folder = await temporaryFolder();
    const [path, plain] = [join(folder, "model.gguf"), join(folder, "plain.gguf")];
    await addon.quantize({ input: casePath("llama-wide", "model.gguf"), output: path, type, libraries, threads: 1 });
    await addon.quantize({ input: path, output: plain, type: "F32", libraries, threads: 1 });
    const theirs = await nextLogSoftmax(path, query);
    for (const products of ["automatic", "portable", "ggml"] as const)
      expect(nmse(await distribution(path, query, { products }), theirs), products).toBeLessThan(
        products === "ggml" ? 1e-4 : 1e-6,
      );
    // In F32 it is what the weights say, which llama.cpp's is not.
    const exact = await distribution(plain, query);
    expect(nmse(await distribution(path, query, { products: "float32" }), exact)).toBeLessThan(1e-8);
    if (type !== "F16") expect(nmse(theirs, exact)).toBeGreaterThan(1e-6);
  });

  test.each(blockTypes)("random blocks of %s", async (type) => {
    const path = join(await temporaryFolder(), "model.gguf");
    await writeRandomBlocks(casePath("llama-wide", "model.gguf"), path, type, 5);
    const theirs = await nextLogSoftmax(path, query);
    // llama.cpp rounds the sums of Q8_1, the partner of Q4_1 and Q5_1, to F16.
    const within = type === "Q4_1" || type === "Q5_1" ? 1e-4 : 1e-6;
    for (const products of ["automatic", "portable"] as const)
      expect(nmse(await distribution(path, query, { products }), theirs), products).toBeLessThan(within);
    // Without the rounding it is another distribution.
    expect(nmse(await distribution(path, query, { products: "float32" }), theirs)).toBeGreaterThan(1e-9);
  });

  test.each(["automatic", "portable"] as const)(
    "an activation that is no number is not rounded to one: %s",
    async (products) => {
      const folder = await temporaryFolder();
      for (const type of ["Q8_0", "Q4_K_M"] as const) {
        const path = join(folder, `${type}.gguf`);
        await addon.quantize({
          input: casePath("llama-wide", "model.gguf"),
          output: path,
          type,
          libraries,
          threads: 1,
        });
        const { dataStart, tensors } = await readGgufHeader(path);
        const norm = tensors.find(({ name }) => name === "blk.0.ffn_norm.weight");
        await using file = await open(path, "r+");
        await file.write(
          Buffer.from(new Float32Array([Number.NaN]).buffer),
          0,
          4,
          dataStart + (norm?.offset ?? 0) + 4 * 77,
        );
        expect((await distribution(path, query, { products })).every(Number.isNaN), type).toBe(true);
      }
    },
  );

  test("with an adapter too", async () => {
    const path = join(await temporaryFolder(), "model.gguf");
    const [input, adapter] = [casePath("llama-wide", "model.gguf"), casePath("llama-wide", "adapter.gguf")];
    await addon.quantize({ input, output: path, type: "Q4_K_M", libraries, threads: 1 });
    const row = randomRow(256, 9);
    const trainer = await openTrainer(path);
    await trainer.loadAdapter(adapter);
    const [ours = []] = await trainer.forward([row], { adapter: true, keep: false });
    expect(difference(ours, await llamaLogps(path, adapter, row))).toBeLessThan(1e-3);
  });
});

async function nextLogSoftmax(path: string, query: readonly number[]): Promise<number[]> {
  const model = await llamaModel(path);
  const context = await model.createContext({
    sequences: 1,
    contextSize: 128,
    flashAttention: false,
    experimentalKvCacheKeyType: "F32",
    experimentalKvCacheValueType: "F32",
  });
  const last = query.at(-1) as Token;
  const input = [...(query.slice(0, -1) as Token[]), [last, { generateNext: { logits: true } }]] as const;
  const results = await context.getSequence().controlledEvaluate([...input] as never);
  const logits = results.at(-1)?.next.logits ?? new Map<Token, number>();
  const values = Array.from({ length: logits.size }, (_, token) => logits.get(token as Token) ?? Number.NaN);
  const largest = Math.max(...values);
  const log = largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  await context.dispose();
  return values.map((x) => x - log);
}
