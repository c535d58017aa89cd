/** Models on a GPU: what they say is what they say on the processor, as far as half precision goes. */
import { describe, expect, it } from "vitest";
import { inferenceDevice } from "../../../core/host/inferenceDevice.ts";
import { findGpus } from "../../../core/models/llama/gpus.ts";
import { type LoadOptions, loadModel } from "../../../core/models/llama/loadedModel.ts";
import { softwareVulkanEnvironment } from "../../support/softwareVulkan.ts";
import { f32Model, q8Model } from "./fixtures.ts";

// Before llama.cpp is loaded: it reads the environment once.
const environment = softwareVulkanEnvironment();
Object.assign(process.env, environment);
const missing = Object.keys(environment).length === 0;
if (missing) console.warn("SKIPPED: models on Vulkan. Debian: apt-get install libvulkan1 mesa-vulkan-drivers.");

const query = "Who broke the window?";
const needs = { models: [q8Model], sequences: 4, contextSize: 256 };

async function logps(options: Partial<LoadOptions>): Promise<readonly number[]> {
  await using weights = await loadModel({ path: f32Model, threads: 1, sequences: 2, contextSize: 256, ...options });
  const model = await weights.speak(null);
  return (await model.responseLogps(query, "It was me, and I will pay for it.", { appendEos: false })).logps;
}

describe.skipIf(missing)("on Vulkan, computed by Mesa's llvmpipe", { timeout: 120_000 }, () => {
  it("the card is found, and known for a program", async () => {
    const found = await findGpus();
    expect(found).toMatchObject([{ kind: "vulkan", software: true, name: expect.stringMatching(/llvmpipe/) }]);
  });

  it("auto leaves it alone, a name takes it, and a kind without a card is refused", async () => {
    expect(await inferenceDevice({ ...needs, gpu: "auto" })).toBeNull();
    expect(await inferenceDevice({ ...needs, gpu: "off" })).toBeNull();
    expect(await inferenceDevice({ ...needs, gpu: "vulkan" })).toBe("vulkan");
    await expect(inferenceDevice({ ...needs, gpu: "cuda" })).rejects.toMatchObject({ code: "device-unsupported" });
  });

  it("says where its layers live", async () => {
    const placeOf = async (gpuLayers: "auto" | number) => {
      await using weights = await loadModel({ path: q8Model, threads: 1, gpu: "vulkan", gpuLayers });
      return weights.place;
    };
    const { device, layers, gpuLayers } = await placeOf("auto");
    expect(device).toMatch(/^Vulkan: llvmpipe/);
    expect(gpuLayers).toBe(layers);
    expect(await placeOf(1)).toMatchObject({ layers, gpuLayers: 1 });
    expect(await placeOf(0)).toMatchObject({ layers, gpuLayers: 0 });
    expect(await placeOf(1000)).toMatchObject({ layers, gpuLayers: layers });
  });

  it("log-probabilities are the processor's to half precision, with all layers there or some", async () => {
    const exact = await logps({});
    for (const gpuLayers of ["auto", 1] as const) {
      const computed = await logps({ gpu: "vulkan", gpuLayers });
      expect(computed).toHaveLength(exact.length);
      const differences = computed.map((logp, i) => Math.abs(logp - (exact[i] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThan(0.02);
      // It did compute there.
      expect(Math.max(...differences)).toBeGreaterThan(0);
    }
  });

  it("equal seeds give equal texts, whatever else is in the batch", async () => {
    await using weights = await loadModel({ path: q8Model, threads: 1, sequences: 3, contextSize: 256, gpu: "vulkan" });
    const model = await weights.speak(null);
    const say = (instruction: string, seed: number) =>
      model.generate({ prompt: { instruction }, sampling: { temperature: 1, topP: 1, maxTokens: 12 }, seed });
    const alone = await say(query, 7);
    const together = await Promise.all([
      say("May I keep it?", 1),
      say(query, 7),
      say("Who is there? Tell me more.", 2),
    ]);
    expect(together[1]?.text).toBe(alone.text);
    expect(new Set(together.map(({ text }) => text)).size).toBeGreaterThan(1);
  });
});
