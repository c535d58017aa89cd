import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adviseCard, cardFor, checkCard, estimateOnCard } from "../../../core/alignment/memory/card.ts";
import { estimateMemory } from "../../../core/alignment/memory/estimate.ts";
import { forecastTraining } from "../../../core/alignment/memory/forecast.ts";
import { gpuLayersThatFit, gpuReserve, gpuWeights } from "../../../core/alignment/memory/gpuLayers.ts";
import { memoryKey, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import type { GpuFacts } from "../../../core/contract/device.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { llama1B } from "./llamaShape.ts";
import { newDirectory } from "./session.ts";

const gib = 2 ** 30;
const shape = llama1B();
const config = (over: object = {}) => alignConfig.parse({ model: "m", data: "d", ...over });
const card = (over: Partial<GpuFacts> = {}): GpuFacts => ({
  kind: "cuda",
  name: "a card",
  software: false,
  freeBytes: 24 * gib,
  totalBytes: 24 * gib,
  ...over,
});
const machine = { available: 32 * gib, total: 64 * gib };
/** Room for so many layers and no more. */
const roomFor = (layers: number, settings = config()) => gpuReserve(shape, settings) + gpuWeights(shape, layers);

describe("the card of a training", () => {
  it("is the first real one with room for half of the layers, or what is named", () => {
    const little = card({ name: "little", freeBytes: roomFor(7) });
    const half = card({ name: "half", kind: "vulkan", freeBytes: roomFor(8) });
    const program = card({ name: "program", kind: "vulkan", software: true });
    expect(cardFor(shape, config(), [program, little, half])).toBe(half);
    expect(cardFor(shape, config(), [program, little])).toBeNull();
    expect(cardFor(shape, config({ gpu: "cuda" }), [half, little])).toBe(little);
    expect(cardFor(shape, config({ gpu: "vulkan" }), [program])).toBe(program);
    expect(cardFor(shape, config({ gpu: "metal" }), [half])).toBeNull();
    expect(cardFor(shape, config({ gpu: "off" }), [half])).toBeNull();
  });

  it("is missed before the start where a kind is named that has none", () => {
    expect(() => checkCard(config({ gpu: "vulkan" }), [card()])).toThrow(
      expect.objectContaining({ code: "device-unsupported" }),
    );
    for (const gpu of ["auto", "off", "cuda"] as const)
      expect(() => checkCard(config({ gpu }), [card()])).not.toThrow();
    expect(() => checkCard(config(), [])).not.toThrow();
  });

  it("is filled with weights and their copies as far as layers live there; the rest of the estimate stays", () => {
    const all = estimateOnCard(shape, config(), { gpuLayers: 16, freeBytes: 24 * gib });
    const half = estimateOnCard(shape, config(), { gpuLayers: 8, freeBytes: 24 * gib });
    expect(all.weights + all.copies).toBe(gpuWeights(shape, 16));
    expect(half.weights + half.copies).toBe(gpuWeights(shape, 8));
    expect(all.total - half.total).toBe(gpuWeights(shape, 16) - gpuWeights(shape, 8));
    expect(half.adapter).toBe(estimateMemory(shape, config(), gib).adapter);
    // Kept activations are what is left over, a quarter of it at most.
    expect(all.keepsActivations).toBe(true);
    expect(estimateOnCard(shape, config(), { gpuLayers: 16, freeBytes: roomFor(16) }).keepsActivations).toBe(false);
  });
});

describe("the forecast", () => {
  const forecast = (settings: object, gpus: GpuFacts[], cache = newDirectory()) =>
    forecastTraining(shape, config(settings), { cache, machine, gpus });

  it("speaks of the card where the training goes there, and of its free memory", async () => {
    const freeBytes = roomFor(12);
    const { card: chosen, available, estimate, fits } = await forecast({}, [card({ freeBytes })]);
    expect(chosen).toEqual({ name: "a card", gpuLayers: 12, layers: 16 });
    expect(available).toBe(freeBytes);
    expect(fits).toBe(true);
    expect(estimate.total).toBeGreaterThan(gpuWeights(shape, 12));
    const processor = await forecast({}, []);
    expect(processor).toMatchObject({ card: null, available: machine.available });
    expect(processor.estimate.copies).toBe(0);
  });

  it("says how many layers fit where more were asked for, and the processor where none do", async () => {
    const { fits, advice } = await forecast({ gpu: "cuda", gpuLayers: 16 }, [card({ freeBytes: roomFor(5) })]);
    expect(fits).toBe(false);
    expect(advice).toMatchObject({ changes: { gpuLayers: 5 }, fits: true });
    const none = adviseCard(shape, config({ gpu: "cuda" }), card({ freeBytes: gib / 4 }), machine);
    expect(gpuLayersThatFit(shape, config(), gib / 4)).toBeNull();
    expect(none).toMatchObject({ changes: { gpu: "off" }, fits: true });
  });

  it("remembers a card and the processor apart", async () => {
    const cache = newDirectory();
    mkdirSync(cache, { recursive: true });
    const parts = { weights: 1, copies: 2, adapter: 3, activations: 4, arena: 5, resident: null, whole: true };
    const data = join(cache, "rows.json");
    writeFileSync(data, "[]");
    const key = memoryKey(shape, config(), { data: await hashFile(data), gpuLayers: 16 });
    await rememberMemory(cache, key, parts);
    expect((await forecast({ data }, [card()], cache)).estimate.total).toBe(15);
    expect((await forecast({ data }, [], cache)).measured).toBeNull();
    expect((await forecast({ data, gpuLayers: 4 }, [card()], cache)).measured).toBeNull();
  });
});
