import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { estimatePass, type MemorySettings } from "../../../core/alignment/memory/estimate.ts";
import { heldMemory } from "../../../core/alignment/memory/history.ts";
import { packSize, type QuestionSize } from "../../../core/alignment/memory/packing.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { addon, casePath, libraries, openTrainer, referenceStep } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { everyArchitecture, writeTinyModel } from "../../support/tinyModels.ts";

/** One long question with four answers; many short ones; few answers of unequal length. */
const passes: readonly QuestionSize[][] = [
  [{ query: 128, responses: [128, 128, 128, 128] }],
  Array.from({ length: 12 }, (_, i) => ({ query: 10 + i, responses: [20, 25, 30].slice(i % 3) })),
  [
    { query: 100, responses: [50, 60] },
    { query: 20, responses: [200] },
  ],
];

async function measure(
  model: string,
  settings: MemorySettings,
  questions: readonly QuestionSize[],
  { backward }: { readonly backward: boolean },
) {
  const trainer = await openTrainer(model, { activations: settings.activations });
  await trainer.newAdapter({ ...settings.lora, seed: 1 });
  const tokens = (count: number) => Array.from({ length: count }, (_, i) => 3 + (i % 30));
  const rows = questions.map(({ query, responses }) => ({ query: tokens(query), responses: responses.map(tokens) }));
  const logps = await trainer.forward(rows, { adapter: true, keep: backward });
  if (!backward) return trainer.memory();
  await trainer.backward(logps.map((row) => row.map((response) => response.map(() => -0.01))));
  await trainer.step(referenceStep);
  return trainer.memory();
}

async function compare(model: string, activations: "keep" | "recompute") {
  const shape = trainingShape(await readGgufHeader(model));
  const only = Math.min(1, shape.layers - 1);
  for (const [i, questions] of passes.entries()) {
    const lora = {
      rank: [4, 16, 32][i],
      targets: i === 1 ? ["attn_q", "attn_v"] : undefined,
      ...(i === 2 ? { ranks: { attn_v: 8, ffn_down: 64 }, layers: { first: only, last: only } } : {}),
    };
    const settings = alignConfig.parse({ model, data: "d", activations, lora });
    for (const backward of [true, false]) {
      const measured = await measure(model, settings, questions, { backward });
      const estimate = estimatePass(shape, settings, packSize(questions), { memory: 2 ** 40, backward });
      for (const part of ["weights", "copies", "adapter", "activations"] as const)
        expect(estimate[part], part).toBe(measured[part]);
      const [expected, held] = [estimate.total - estimate.program, heldMemory(measured)];
      if (backward) expect(Math.abs(expected / held - 1), `${activations}, pass ${i}`).toBeLessThan(0.15);
      else expect(expected / held, `${activations}, pass ${i} without backward`).toBeGreaterThan(0.85);
    }
  }
}

describe("the memory estimate against the trainer's own count: every part to the byte, the total within 15 %", () => {
  it.each(["llama", "gemma3", "gemma3-window", "phi3", "qwen2", "qwen3", "llama-wide"])("fixture %s", async (name) => {
    await compare(casePath(name, "model.gguf"), "keep");
    await compare(casePath(name, "model.gguf"), "recompute");
  });

  it("a quantized model", async () => {
    const model = join(await temporaryFolder(), "model.gguf");
    const input = casePath("llama-wide", "model.gguf");
    await addon.quantize({ input, output: model, type: "Q8_0", libraries, threads: 1 });
    await compare(model, "keep");
    await compare(model, "recompute");
  });

  it.each(everyArchitecture.map((shape, i) => [i, shape.architecture, shape] as const))(
    "shape %i, %s",
    async (_, __, shape) => {
      const model = join(await temporaryFolder(), "model.gguf");
      await writeTinyModel(model, { ...shape, seed: 5 });
      await compare(model, "keep");
      await compare(model, "recompute");
    },
  );
});
