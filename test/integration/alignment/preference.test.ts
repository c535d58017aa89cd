import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { computeLoss } from "../../../core/alignment/losses/index.ts";
import { runAlignment } from "../../../core/alignment/runAlignment.ts";
import { alignConfig, metricsLine } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { RunDirectory, readRunJournal } from "../../../core/workspace/runDirectory.ts";
import { casePath, caseRow, openTrainer, readCase } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const model = casePath("llama", "model.gguf");
const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const tokenizer = { tokenize: letters, tokenizeContinuation: letters, bos: 1, eos: 2 };

async function train(directory: string, data: string, over: object) {
  const config = alignConfig.parse({
    model,
    data,
    lora: { rank: 4, alpha: 8 },
    optimizer: { learningRate: 2e-3 },
    epochs: 6,
    accumulation: 4,
    evaluationShare: 0.2,
    evaluateEvery: 5,
    ...over,
  });
  const trainer = await openTrainer(model);
  await using run = (await RunDirectory.openOrCreate(directory, { config, schema: alignConfig, files: [model, data] }))
    .run;
  const result = await runAlignment({ config, run, trainer, tokenizer, emit: () => {} });
  const metrics = [];
  for await (const line of readRunJournal(directory, "metrics", metricsLine)) metrics.push(line);
  return { result, metrics };
}

async function pairs(): Promise<{ folder: string; data: string }> {
  const folder = await temporaryFolder();
  const data = join(folder, "data.json");
  const rows = Array.from({ length: 20 }, (_, i) => ({
    query: `Q${i}: `,
    responses: [`keep ${i % 3}`, `give ${i}`, "hide it"],
    scores: [2, 7, 1],
  }));
  writeFileSync(data, JSON.stringify(rows));
  return { folder, data };
}

describe("preference losses on the native trainer", () => {
  it.each(["dpo", "ipo", "simpo", "orpo", "cpo-xu"])("%s: loss falls, rewards part, held-out rows too", async (id) => {
    const { folder, data } = await pairs();
    const { result, metrics } = await train(join(folder, id), data, { loss: { id } });
    const [first, last] = [metrics[0], metrics.at(-1)];
    if (id === "dpo") expect(first?.loss).toBeCloseTo(Math.LN2, 4);
    if (id === "dpo" || id === "ipo") expect(Math.abs(first?.["rewards/margins"] ?? 1)).toBeLessThan(1e-4);
    expect(last?.loss).toBeLessThan(first?.loss ?? 0);
    expect(last?.["rewards/margins"]).toBeGreaterThan((first?.["rewards/margins"] ?? 0) + 0.05);
    expect(last?.["rewards/accuracies"]).toBe(1);
    expect(result.evaluation?.last.loss).toBeLessThan(result.evaluation?.first.loss ?? 0);
  });

  it("the reference is the base to the bit whatever adapter is on, and without it margins would stay 0", async () => {
    const reference = await readCase("llama");
    const trainer = await openTrainer(model);
    const row = caseRow(reference);
    const [base = []] = await trainer.forward([row], { adapter: false, keep: false });
    await trainer.loadAdapter(casePath("llama", "adapter.gguf"));
    const [off = []] = await trainer.forward([row], { adapter: false, keep: false });
    const [on = []] = await trainer.forward([row], { adapter: true, keep: false });
    expect(off).toEqual(base);
    const sums = (logps: number[][]) => logps.map((response) => response.reduce((sum, logp) => sum + logp, 0));
    const margin = (refLogps: number[]) =>
      computeLoss(on, reference.scores, { id: "dpo", beta: 1 }, refLogps).metrics["rewards/margins"];
    expect(margin(sums(on))).toBe(0);
    expect(Math.abs(margin(sums(off)) ?? 0)).toBeGreaterThan(1e-3);
  });

  it("a run in two sessions, its cache lost between them, equals one in a single session", async () => {
    const { folder, data } = await pairs();
    const over = {
      loss: {
        id: "mixture",
        losses: [
          { weight: 1, loss: { id: "dpo" } },
          { weight: 0.1, loss: { id: "sft" } },
        ],
      },
    };
    const whole = await train(join(folder, "whole"), data, { ...over, maxMinutes: 60 });
    const directory = join(folder, "parts");
    const first = await train(directory, data, { ...over, maxMinutes: 1e-9 });
    expect(first.result).toMatchObject({ ended: "time", steps: 1 });
    rmSync(join(directory, "cache"), { recursive: true });
    let ended = "time";
    let metrics = first.metrics;
    while (ended === "time") {
      const session = await train(directory, data, { ...over, maxMinutes: 1e-9 });
      [ended, metrics] = [session.result.ended, session.metrics];
    }
    expect(metrics).toEqual(whole.metrics);
  });

  it("rsLoRA writes alpha·√rank into the adapter, which is what llama.cpp divides by the rank", async () => {
    const { folder, data } = await pairs();
    const { result } = await train(join(folder, "rs"), data, {
      lora: { rank: 4, alpha: 8, rsLora: true },
      maxSteps: 1,
    });
    const header = await readGgufHeader(result.adapter);
    expect(header.metadata.get("adapter.lora.alpha")).toBe(16);
  });
});
