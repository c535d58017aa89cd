import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adviceText, adviseMemory } from "../../../core/alignment/memory/advice.ts";
import { estimateMemory, estimatePass } from "../../../core/alignment/memory/estimate.ts";
import { correctEstimate, memoryKey, recallMemory, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { packSize } from "../../../core/alignment/memory/packing.ts";
import { adapterWeights, type TrainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { isBinding } from "../../../core/workspace/runId.ts";
import { llama1B, small } from "./llamaShape.ts";
import { align, data, newDirectory, settings } from "./session.ts";

const machine = 2 ** 36;
const config = (over: object = {}) => alignConfig.parse({ model: "m", data: "d", ...over });

describe("the estimate", () => {
  it("counts an adapter as its pairs: 11.3 million weights at rank 16 on Llama 3.2 1 B", () => {
    const { lora } = config();
    expect(adapterWeights(llama1B(), lora)).toBe(11_272_192);
    const estimate = estimateMemory(llama1B(), config(), machine);
    expect(estimate.adapter).toBeGreaterThan(16 * 11_272_192);
    expect(estimate.adapter).toBeLessThan(16.1 * 11_272_192);
    const own = config({ lora: { rank: 16, ranks: { ffn_down: 4 }, layers: { first: 8, last: 15 } } }).lora;
    expect(adapterWeights(llama1B(), own)).toBe((11_272_192 - 16 * (16 - 4) * (8192 + 2048)) / 2);
    expect(estimate.copies).toBe(0);
    // A GPU multiplies with transposed copies; those of quantized weights are Q8_0: 34 bytes per 32 weights.
    const { copies } = estimateMemory(llama1B(), config(), machine, "gpu");
    expect(copies / ((973_078_528 + 262_668_288) * (34 / 32))).toBeCloseTo(1, 3);
  });

  it("grows linearly in layers, and recomputing activations takes much less than keeping them", () => {
    const total = (layers: number, activations: string) => {
      const { activations: bytes } = estimateMemory(llama1B(layers), config({ activations }), machine);
      return bytes;
    };
    expect(total(16, "keep") - total(8, "keep")).toBeCloseTo(total(24, "keep") - total(16, "keep"), -3);
    expect(total(16, "recompute")).toBeLessThan(total(16, "keep") / 5);
  });

  it("does not grow with the logits of more candidates: the head goes in chunks", () => {
    const headChunk = (maxRejected: number) => estimateMemory(llama1B(), config({ maxRejected }), machine).headChunk;
    expect(headChunk(7)).toBe(headChunk(1));
    expect(headChunk(7)).toBeLessThan(70 * 2 ** 20);
  });

  it("keeps activations by itself while they take a quarter of the machine", () => {
    expect(estimateMemory(llama1B(), config(), 2 ** 36).keepsActivations).toBe(true);
    expect(estimateMemory(llama1B(), config(), 2 ** 31).keepsActivations).toBe(false);
  });

  it("is for the longest rows that the settings allow, and for a full batch of short ones where that is more", () => {
    const rows = (over: object) => estimateMemory(llama1B(), config(over), machine).rows;
    // A query of one token and four responses of 511; a query and responses of 256 would be 1280.
    expect(rows({})).toBe(2048);
    expect(rows({ loss: { id: "sft" }, batchTokens: 4096 })).toBe(4096);
    expect(rows({ maxLength: 100, batchTokens: 1024 })).toBeGreaterThan(900);
    expect(rows({ maxLength: 4096, maxRejected: 1 })).toBe(2 * 4096);
    // No longer than the model's context.
    expect(estimateMemory(small, config({ maxLength: 9999 }), machine).rows).toBe(2048);
  });

  it("packs no more questions than a step has; the evaluation curve fills its pass without backward", () => {
    const short = (over: object) => estimateMemory(llama1B(), config({ maxLength: 64, ...over }), machine);
    expect(short({ accumulation: 64 }).rows).toBeGreaterThan(900);
    expect(short({ accumulation: 2 }).rows).toBeLessThan(600);
    expect(short({ accumulation: 1, batchTokens: 8192 })).toMatchObject({ keepsActivations: false });
    expect(short({ accumulation: 1, batchTokens: 8192 }).rows).toBeGreaterThan(7000);
  });

  it("is made for the largest pass that can be asked for, of questions of a few tokens, and no larger one can be asked for", () => {
    const most = { maxLength: 2, batchTokens: 2 ** 20 };
    expect(estimateMemory(small, config(most), machine).rows).toBeGreaterThan(2 ** 19);
    expect(() => config({ batchTokens: 2 ** 20 + 1 })).toThrow(/1048576/);
  });

  it("counts the process itself, which a large vocabulary makes larger; not on a GPU, whose memory is another", () => {
    const alone = config({ gpu: "off" });
    const program = (shape: TrainingShape) => estimateMemory(shape, alone, machine).program;
    const [few, many] = [program({ ...small, vocabulary: 512 }), program({ ...small, vocabulary: 256_000 })];
    expect(few / 2 ** 20).toBeCloseTo(180, 0);
    expect(many / 2 ** 20).toBeGreaterThan(300);
    // To see which cards there are their drivers are opened.
    const looking = estimateMemory(small, config({ gpu: "auto" }), machine).program;
    expect((looking - estimateMemory(small, alone, machine).program) / 2 ** 20).toBe(64);
    expect(estimateMemory(small, config(), machine, "gpu").program).toBe(0);
  });

  it("counts rows and blocks as the trainer packs them: padded to 32, short neighbours merged, keys to 16", () => {
    expect(
      packSize([
        { query: 11, responses: [20, 20, 30] },
        { query: 11, responses: [70] },
      ]),
    ).toEqual({
      rows: 32 + 160,
      segmentRows: 160,
      prefixBlocks: [{ queries: 20, keys: 32 }],
      segmentBlocks: [
        { queries: 40, keys: 64 },
        { queries: 30, keys: 48 },
        { queries: 70, keys: 80 },
      ],
    });
    expect(packSize([{ query: 1, responses: [5] }]).prefixBlocks).toEqual([]);
  });
});

describe("what to lower", () => {
  const advise = (available: number, over: object = {}) =>
    adviseMemory(llama1B(), config(over), { available, total: machine });
  const full = estimateMemory(llama1B(), config(), machine).total;

  it("nothing where it fits", () => {
    expect(advise(full)).toMatchObject({ changes: {}, fits: true });
  });

  it("first what costs time alone; each setting is named with its value, and then it fits", () => {
    const first = advise(full - 1);
    expect(first.changes).toEqual({ activations: "recompute" });
    expect(adviceText(first, true)).toMatch(/^Set activations to recompute: then it takes about \d+ MiB\.$/);
    const recomputed = first.estimate.total;
    const second = advise(recomputed - 2 ** 20);
    expect(Object.keys(second.changes).length).toBeGreaterThan(1);
    expect(second.fits).toBe(true);
    expect(second.estimate.total).toBeLessThanOrEqual(recomputed - 2 ** 20);
    // The settings as advised are what was estimated.
    const { activations, lora: _, ...rest } = { ...config(), ...second.changes };
    const again = config({
      activations,
      ...rest,
      ...("lora.rank" in second.changes ? { lora: { rank: second.changes["lora.rank"] } } : {}),
    });
    expect(estimateMemory(llama1B(), again, machine).total).toBe(second.estimate.total);
  });

  it("says which changes need another folder: a run that is made is held to them, and takes the others", async () => {
    const changes = { batchTokens: 512, activations: "recompute", "lora.rank": 8 };
    const advice = { changes, estimate: advise(full).estimate, fits: true };
    expect(adviceText(advice, true)).toMatch(
      /^Set activations to recompute, batchTokens to 512, lora\.rank to 8, in a run of its own \(another --out\): then/,
    );
    // A form has made no run yet.
    expect(adviceText(advice, false)).not.toContain("--out");

    const directory = newDirectory();
    await align({ directory, config: settings({ maxSteps: 1 }) });
    const again = async (over: object) => {
      const next = settings({ maxSteps: 1, ...over });
      const files = [next.model, next.data];
      const { run } = await RunDirectory.openOrCreate(directory, { config: next, schema: alignConfig, files });
      await run[Symbol.asyncDispose]();
    };
    await again({ activations: "recompute", gpu: "off", gpuLayers: 1 });
    const bound = { batchTokens: 512, maxRejected: 1, maxLength: 64, lora: { rank: 3 } };
    for (const [name, value] of Object.entries(bound))
      await expect(again({ [name]: value }), name).rejects.toMatchObject({ code: "run-mismatch" });
    expect(["activations", "gpu", "gpuLayers"].filter(isBinding)).toEqual([]);
    expect([...Object.keys(bound), "lora.rank"].filter((path) => !isBinding(path))).toEqual([]);
  });

  it("a smaller model where nothing is enough", () => {
    const none = advise(1e9);
    expect(none.fits).toBe(false);
    expect(adviceText(none, true)).toContain("smaller model");
  });
});

describe("a training that runs out of memory", () => {
  const outOfMemory = Object.assign(new Error("Not enough memory for the activations of 1280 tokens (900 MiB)."), {
    code: "out-of-memory",
  });
  const memory = { shape: llama1B(), total: machine, available: 2 ** 40, resident: () => 5 };

  it("says what to lower and to what", async () => {
    const { error } = await align({
      memory,
      faults: {
        before: (method, call) => {
          if (method === "forward" && call === 4) throw outOfMemory;
        },
      },
    });
    expect(error).toMatchObject({ code: "out-of-memory", message: outOfMemory.message });
    expect((error as { action: string }).action).toMatch(/^Set activations to recompute.* then it takes about \d+ MiB/);
  });

  it("is warned of before it starts where the estimate is more than what is free", async () => {
    const config = settings({ maxSteps: 1 });
    const roomy = await align({ memory, config });
    expect(roomy.events.filter(({ type }) => type === "warning")).toEqual([]);
    const available = (roomy.result?.memoryEstimate?.total ?? 0) - 1;
    const { events, error } = await align({ memory: { ...memory, available }, config });
    expect(error).toBeUndefined();
    const message = expect.stringMatching(/may take \d+ MiB.*Set activations to recompute/);
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", message }));
  });

  it("leaves other errors alone", async () => {
    const crash = new Error("something else");
    const before = () => {
      throw crash;
    };
    expect((await align({ memory, faults: { before } })).error).toBe(crash);
  });
});

describe("what was measured", () => {
  it("is remembered by shape and settings, and corrects the next estimate", async () => {
    const cache = newDirectory();
    const memory = { shape: small, total: machine, available: machine, resident: () => 1e9 };
    const { result } = await align({ memory, cache });
    const rows = await hashFile(data);
    const key = memoryKey(small, settings(), { data: rows, gpuLayers: null });
    const measured = await recallMemory(cache, key);
    expect(measured).toEqual({ ...result?.memory, resident: 1e9, whole: true });
    const estimate = result?.memoryEstimate ?? expect.fail("no estimate");
    const corrected = correctEstimate(estimate, measured);
    expect(corrected).toMatchObject({ weights: result?.memory.weights, activations: result?.memory.activations });
    expect(corrected.total, "the process at its largest").toBe(1e9);
    expect(correctEstimate(estimate, null)).toBe(estimate);
    expect(
      await recallMemory(cache, memoryKey(small, settings({ lora: { rank: 3 } }), { data: rows, gpuLayers: null })),
    ).toBeNull();
    expect(
      await recallMemory(cache, memoryKey(small, settings(), { data: "longer rows", gpuLayers: null })),
    ).toBeNull();
    expect(await recallMemory(cache, memoryKey(llama1B(), settings(), { data: rows, gpuLayers: null }))).toBeNull();
  });

  it("of a part of the rows corrects nothing, since a longer one may still come, and does not replace the whole", async () => {
    const cache = newDirectory();
    const memory = { shape: small, total: machine, available: machine, resident: () => 1e9 };
    const remembered = async () =>
      recallMemory(cache, memoryKey(small, settings(), { data: await hashFile(data), gpuLayers: null }));
    await align({ memory, cache, config: settings({ maxSteps: 1 }) });
    const partly = await remembered();
    expect(partly).toMatchObject({ whole: false });
    const estimate = estimateMemory(small, settings(), machine);
    expect(correctEstimate(estimate, partly)).toBe(estimate);
    await align({ memory, cache });
    await align({ memory: { ...memory, resident: () => null }, cache, config: settings({ maxSteps: 1 }) });
    expect(await remembered()).toMatchObject({ whole: true, resident: 1e9 });
  });

  it("on a card is what the card held: the process beside it is not counted", () => {
    const onCard = { weights: 1, copies: 2, adapter: 3, activations: 4, arena: 5, resident: 1e9, whole: true };
    const estimate = estimateMemory(small, settings(), machine, "gpu");
    expect(correctEstimate(estimate, onCard)).toMatchObject({ total: 15, program: 0 });
  });

  it("a damaged file counts as empty and is replaced; the newest of 200 shapes are kept", async () => {
    const folder = newDirectory();
    mkdirSync(folder);
    writeFileSync(join(folder, "training-memory.json"), "{");
    const figure = { weights: 1, copies: 2, adapter: 3, activations: 4, arena: 5, resident: null, whole: true };
    expect(await recallMemory(folder, "a")).toBeNull();
    for (let i = 0; i < 202; i++) await rememberMemory(folder, `k${i}`, { ...figure, weights: i });
    expect(await recallMemory(folder, "k1")).toBeNull();
    expect(await recallMemory(folder, "k201")).toEqual({ ...figure, weights: 201 });
    expect(readFileSync(join(folder, "training-memory.json"), "utf8").length).toBeLessThan(60_000);
  });
});

it("a pass of no more than a few tokens takes less than the largest one", () => {
  const pass = estimatePass(small, config(), packSize([{ query: 4, responses: [5, 5] }]), { memory: machine });
  const largest = estimateMemory(small, config(), machine);
  expect(pass.total - pass.program).toBeLessThan((largest.total - largest.program) / 4);
});
