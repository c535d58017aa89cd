/** What a new adapter holds: ranks by target, and layers. */
import { join } from "node:path";
import { expect, test } from "vitest";
import type { NewAdapter } from "../../../core/alignment/nativeTrainer.ts";
import { loraTargets } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { casePath, openTrainer, readTensors, referenceStep, relativeError } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeTinyModel } from "../../support/tinyModels.ts";

const plain: NewAdapter = { rank: 4, alpha: 8, targets: loraTargets, seed: 1 };
const rows = [{ query: [1, 2, 3], responses: [[4, 5], [6]] }];

/** Rank by tensor of the adapter as it is saved. */
async function ranksOf(model: string, adapter: NewAdapter): Promise<Map<string, number>> {
  const trainer = await openTrainer(model);
  await trainer.newAdapter(adapter);
  const path = join(await temporaryFolder(), "adapter.gguf");
  await trainer.saveAdapter(path);
  const { tensors } = await readGgufHeader(path);
  const halves = tensors.filter(({ name }) => name.endsWith(".lora_a"));
  return new Map(halves.map(({ name, dimensions }) => [name.replace(".weight.lora_a", ""), dimensions[1] ?? 1]));
}

test("targets with a rank of their own have it, the others the common one", async () => {
  const ranks = await ranksOf(casePath("llama", "model.gguf"), { ...plain, ranks: { attn_q: 7, ffn_down: 1 } });
  for (const [tensor, rank] of ranks)
    expect(rank, tensor).toBe(tensor.endsWith("attn_q") ? 7 : tensor.endsWith("ffn_down") ? 1 : 4);
  expect(ranks.size).toBe(2 * loraTargets.length);
});

test("a fused tensor takes the largest rank of its parts", async () => {
  const model = join(await temporaryFolder(), "tiny.gguf");
  await writeTinyModel(model, { architecture: "phi3", tied: false, ropeFactors: false, seed: 1 });
  const ranks = await ranksOf(model, { ...plain, ranks: { attn_k: 9, attn_v: 2 } });
  expect(ranks.get("blk.0.attn_qkv")).toBe(9);
});

/** Gradients of B at the start, where B = 0: no pair feels another. */
async function startGradients(adapter: Partial<NewAdapter>): Promise<Map<string, Float32Array>> {
  const trainer = await openTrainer(casePath("llama", "model.gguf"));
  await trainer.newAdapter({ ...plain, ...adapter });
  const logps = await trainer.forward(rows, { adapter: true, keep: true });
  await trainer.backward(logps.map((row) => row.map((response) => response.map(() => -1))));
  const path = join(await temporaryFolder(), "gradients.gguf");
  await trainer.saveGradients(path);
  return new Map([...(await readTensors(path))].filter(([name]) => name.endsWith(".lora_b")));
}

test.each<[string, Partial<NewAdapter>]>([
  ["q and v", { targets: ["attn_q", "attn_v"] }],
  ["k and v", { targets: ["attn_k", "attn_v"] }],
  ["up alone", { targets: ["ffn_up"] }],
  ["all, with ranks of their own", { ranks: { attn_q: 3, attn_k: 17, ffn_gate: 1 } }],
])("pairs that read one input are computed together and are each what they are alone: %s", async (_, adapter) => {
  const together = await startGradients(adapter);
  expect(together.size).toBe(2 * (adapter.targets ?? loraTargets).length);
  for (const target of adapter.targets ?? loraTargets)
    for (const [name, alone] of await startGradients({ ...adapter, targets: [target] })) {
      expect(alone.some((value) => value !== 0)).toBe(true);
      expect(relativeError(together.get(name) ?? [], alone), name).toBeLessThan(1e-6);
    }
});

test("only the chosen layers get pairs, and only they change", async () => {
  const model = casePath("gemma3-window", "model.gguf");
  const layers = { first: 2, last: 4 };
  const ranks = await ranksOf(model, { ...plain, layers });
  expect(new Set([...ranks.keys()].map((tensor) => Number(tensor.split(".")[1])))).toEqual(new Set([2, 3, 4]));

  // Backward stops at the lowest of them; what it gives is what it gives with all layers.
  const gradients: Map<string, Float32Array>[] = [];
  for (const chosen of [layers, null]) {
    const trainer = await openTrainer(model);
    await trainer.newAdapter({ ...plain, layers: chosen });
    const logps = await trainer.forward(rows, { adapter: true, keep: true });
    await trainer.backward(logps.map((row) => row.map((response) => response.map(() => -1))));
    const path = join(await temporaryFolder(), "gradients.gguf");
    await trainer.saveGradients(path);
    gradients.push(await readTensors(path));
    await trainer.step(referenceStep);
  }
  const [some, all] = gradients;
  for (const [tensor, values] of some ?? []) expect(all?.get(tensor), tensor).toEqual(values);
});

test("layers or targets that the model lacks are a wrong setting", async () => {
  const trainer = await openTrainer(casePath("llama", "model.gguf"));
  await expect(trainer.newAdapter({ ...plain, layers: { first: 2, last: 9 } })).rejects.toMatchObject({
    code: "bad-setting",
    reason: expect.stringContaining("2 layers"),
  });
  await expect(trainer.newAdapter({ ...plain, ranks: { attn_q: 0 } })).rejects.toMatchObject({ code: "bad-input" });
});
