/** Layers that do not live on the GPU, on Vulkan over Mesa's llvmpipe: what is streamed computes the same, bit for bit. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gpuWeights } from "../../../core/alignment/memory/gpuLayers.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import type { OpenOptions } from "../../../core/alignment/nativeTrainer.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { addon, casePath, compareFiles, openTrainer } from "../../support/nativeCases.ts";
import { prepareSoftwareVulkan } from "../../support/softwareVulkan.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeTinyModel } from "../../support/tinyModels.ts";

const { missing, options } = await prepareSoftwareVulkan({ half: false });

describe.skipIf(missing !== null)("layers in host memory", () => {
  test.each([
    ["llama", "keep"],
    ["llama-tied", "recompute"],
    ["phi3", "recompute"],
  ] as const)("%s computes the same bits, in less memory of the GPU", async (name, activations) => {
    await comparePasses(casePath(name, "model.gguf"), casePath(name, "adapter.gguf"), { activations });
  });

  test("layers whose types differ share the same memory", async () => {
    const folder = await temporaryFolder();
    const [input, model] = [join(folder, "whole.gguf"), join(folder, "model.gguf")] as const;
    await writeTinyModel(input, { seed: 3, tied: false, ropeFactors: true });
    await addon.quantize({ input, output: model, type: "Q4_K_M", libraries: options.libraries, threads: 1 });
    const { linears } = trainingShape(await readGgufHeader(model));
    expect(new Set(linears.filter(({ targets }) => targets.includes("ffn_down")).map(({ type }) => type)).size).toBe(2);
    await comparePasses(model, null, { activations: "recompute" });
  });

  test("auto lets all layers live there, and none where everything is to be left free", async () => {
    const model = casePath("llama", "model.gguf");
    const whole = await openTrainer(model, options);
    expect(whole.info.gpuLayers).toBe(whole.info.layers);
    const none = await openTrainer(model, { ...options, reserveBytes: 2 ** 60 });
    expect(none.info.gpuLayers).toBe(0);
    // The base itself is trained where it lives.
    await expect(none.trainBase()).rejects.toMatchObject({ code: "bad-setting" });
    const more = await openTrainer(model, { ...options, gpuLayers: 99 });
    expect(more.info.gpuLayers).toBe(more.info.layers);
    await expect(openTrainer(model, { ...options, gpuLayers: -1 })).rejects.toMatchObject({ code: "bad-input" });
  });
});

async function comparePasses(model: string, adapter: string | null, over: Partial<OpenOptions>): Promise<void> {
  const header = await readGgufHeader(model);
  const shape = trainingShape(header);
  const all = await pass(model, adapter, over);
  expect(all.gpuLayers).toBe(shape.layers);
  let less = all;
  for (const gpuLayers of [1, 0]) {
    const some = await pass(model, adapter, { ...over, gpuLayers });
    expect(some.gpuLayers).toBe(gpuLayers);
    expect(some.logps).toEqual(all.logps);
    for (const [tensor, count] of await compareFiles(some.gradients, all.gradients, unequal))
      expect(count, tensor).toBe(0);
    // The first of them that is streamed leaves its memory to the one that is there in its turn.
    if (gpuLayers + 1 < shape.layers) expect(some.onGpu).toBeLessThan(less.onGpu);
    else expect(some.onGpu).toBeLessThanOrEqual(less.onGpu);
    // The estimate is of whole files; what comes before the tensors is much only in one as small as this.
    expect((gpuWeights(shape, gpuLayers) - header.dataStart) / some.onGpu).toBeCloseTo(1, 1);
    less = some;
  }
}

/** Two forwards and a backward on a GPU: the second one finds what the first one left in shared memory. */
async function pass(model: string, adapter: string | null, over: Partial<OpenOptions>) {
  const rows = [{ query: [5, 3, 9], responses: [[7, 8, 4], [6]] }];
  const trainer = await openTrainer(model, { ...options, ...over });
  if (adapter === null) await trainer.newAdapter({ rank: 4, alpha: 8, seed: 1, targets: ["attn_q", "ffn_down"] });
  else await trainer.loadAdapter(adapter);
  const first = await trainer.forward(rows, { adapter: true, keep: true });
  const logps = await trainer.forward(rows, { adapter: true, keep: true });
  expect(logps).toEqual(first);
  await trainer.backward([[[1, -2, 3], [-4]]]);
  const gradients = join(await temporaryFolder(), "gradients.gguf");
  await trainer.saveGradients(gradients);
  const { weights, copies } = await trainer.memory();
  return { logps, gradients, gpuLayers: trainer.info.gpuLayers, onGpu: weights + copies };
}

/** How many numbers differ, in any bit. */
function unequal(a: Float32Array, b: Float32Array): number {
  const [left, right] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)];
  return left.reduce((sum, bits, i) => sum + (bits === right[i] ? 0 : 1), 0);
}
