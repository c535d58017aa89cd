/** How many layers live on a graphics card, and what to do when they were too many. */
import { describe, expect, it, test } from "vitest";
import { explainOutOfMemory } from "../../../core/alignment/memory/advice.ts";
import {
  fewerGpuLayers,
  gpuLayersThatFit,
  gpuReserve,
  gpuWeights,
  suitsGpu,
} from "../../../core/alignment/memory/gpuLayers.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { deviceText } from "../../../core/models/llama/computeDevice.ts";
import { llama1B } from "./llamaShape.ts";

const shape = llama1B();
const config = (over: object = {}) => alignConfig.parse({ model: "m", data: "d", ...over });
/** Weights and transposed copies of one layer: 60.8 million weights, 34 bytes per 32 of them. */
const layer = 2 * 60_817_408 * (34 / 32);
/** A card on which exactly so many layers fit. */
const cardFor = (layers: number, over: object = {}) => gpuWeights(shape, layers) + gpuReserve(shape, config(over));

describe("the layers that fit", () => {
  it("are all where there is room, and fewer by one for every layer that is missing", () => {
    expect(gpuLayersThatFit(shape, config(), cardFor(16))).toBe(16);
    expect(gpuLayersThatFit(shape, config(), cardFor(16) - 1)).toBe(14);
    expect(gpuLayersThatFit(shape, config(), cardFor(8))).toBe(8);
    expect(gpuLayersThatFit(shape, config(), cardFor(8) + layer)).toBe(9);
  });

  it("leave room for the layer that is copied: the first that is left out saves nothing", () => {
    expect(gpuWeights(shape, 15)).toBe(gpuWeights(shape, 16));
    expect((gpuWeights(shape, 15) - gpuWeights(shape, 9)) / layer).toBeCloseTo(6, 5);
    expect(gpuWeights(shape, 99)).toBe(gpuWeights(shape, 16));
  });

  it("are none where only one after the other fits, and no number where not even that does", () => {
    expect(gpuLayersThatFit(shape, config(), cardFor(0))).toBe(0);
    expect(gpuLayersThatFit(shape, config(), cardFor(0) - 1)).toBeNull();
  });

  it("are fewer where activations are kept: they are counted as the settings say", () => {
    const free = cardFor(16, { activations: "keep" }) - 1;
    expect(gpuLayersThatFit(shape, config({ activations: "keep" }), free)).toBe(14);
    expect(gpuLayersThatFit(shape, config({ activations: "recompute" }), free)).toBe(16);
  });
});

describe("a card is taken unasked", () => {
  it("where at least a half of the layers fits", () => {
    expect(suitsGpu(shape, config(), cardFor(8))).toBe(true);
    expect(suitsGpu(shape, config(), cardFor(8) - 1)).toBe(false);
  });

  it("where as many fit as were asked for", () => {
    expect(suitsGpu(shape, config({ gpuLayers: 0 }), cardFor(0))).toBe(true);
    expect(suitsGpu(shape, config({ gpuLayers: 12 }), cardFor(8))).toBe(false);
    expect(suitsGpu(shape, config({ gpuLayers: 99 }), cardFor(16))).toBe(true);
  });
});

describe("a full card", () => {
  const full = Object.assign(new Error("A card has too little memory for the activations of 1280 tokens (900 MiB)."), {
    code: "gpu-out-of-memory",
    reason: "12 of its 4096 MiB are free.",
  });
  const machine = { available: 2 ** 36, total: 2 ** 36 };

  it("is answered with fewer layers, a fifth less memory", () => {
    const fewer = fewerGpuLayers(shape, 16);
    expect(gpuWeights(shape, fewer)).toBeLessThanOrEqual(0.8 * gpuWeights(shape, 16));
    expect(gpuWeights(shape, fewer + 1)).toBeGreaterThan(0.8 * gpuWeights(shape, 16));
    expect(explainOutOfMemory(full, shape, config(), machine, 16)).toMatchObject({
      code: "gpu-out-of-memory",
      message: full.message,
      reason: expect.stringMatching(/^With 16 of 16 layers on it, .* 12 of its 4096 MiB are free\.$/),
      action: expect.stringContaining(`Set gpuLayers to ${fewer} (--gpu-layers ${fewer}).`),
      details: { changes: { gpuLayers: fewer } },
    });
  });

  it("without a layer on it is answered with what takes less", () => {
    const error = explainOutOfMemory(full, shape, config({ gpuLayers: 0 }), machine) as { action: string };
    expect(error.action).toMatch(/^Set activations to recompute.*--gpu off/);
  });
});

test("a training says where its layers live", () => {
  expect(deviceText({ device: "CPU", layers: 16, gpuLayers: null })).toBe("Computes on CPU");
  const card = { device: "CUDA0: a card", layers: 16 };
  expect(deviceText({ ...card, gpuLayers: 16 })).toBe("Computes on CUDA0: a card: all 16 layers live there");
  expect(deviceText({ ...card, gpuLayers: 9 })).toMatch(/^Computes on CUDA0: a card: 9 of 16 layers live there$/);
});
