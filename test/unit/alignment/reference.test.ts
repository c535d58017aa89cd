import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { askQuestion } from "../../../core/alignment/questions.ts";
import { referenceLogps } from "../../../core/alignment/referenceLogps.ts";
import { ReferenceStore } from "../../../core/alignment/referenceStore.ts";
import type { TokenizedRow } from "../../../core/alignment/tokenizeRows.ts";
import { measureQuestions } from "../../../core/alignment/trainStep.ts";
import { lossSettings } from "../../../core/contract/alignment.ts";
import { randomStream } from "../../../core/random.ts";
import { BigramTrainer } from "./bigramTrainer.ts";
import { align, checkpointBytes, dieAt, metricsText, newDirectory, settings, text } from "./session.ts";

describe("the reference", () => {
  const dpo = (over: object = {}) => settings({ loss: { id: "dpo", beta: 0.2 }, ...over });

  it("dpo starts at ln 2 with margins of 0 and then learns: margins grow, the better answer wins", async () => {
    const { metrics, error, trainer, events } = await align({ config: dpo() });
    expect(error).toBeUndefined();
    expect(metrics[0]?.loss).toBeCloseTo(Math.LN2, 10);
    expect(metrics[0]?.["rewards/margins"]).toBeCloseTo(0, 10);
    expect(metrics.at(-1)?.loss).toBeLessThan(0.3);
    expect(metrics.at(-1)?.["rewards/margins"]).toBeGreaterThan(1);
    expect(metrics.at(-1)?.["rewards/accuracies"]).toBe(1);
    expect(metrics.at(-1)?.["logps/rejected"]).toBeLessThan(metrics[0]?.["logps/rejected"] ?? 0);
    expect(trainer.adapterOff).toBeGreaterThan(0);
    const progress = events.filter((event) => event.type === "progress" && event.stage === "reference");
    expect(progress.at(-1)).toMatchObject({ done: 30, total: 30, unit: "rows" });
  });

  it("is computed once: a resumed run, and another run that shares the folder, ask for no row again", async () => {
    const cache = newDirectory();
    const whole = await align({ config: dpo(), cache });
    const killed = await align({ config: dpo(), cache, faults: dieAt("step", 8) });
    expect(killed.trainer.adapterOff).toBe(0);
    const resumed = await align({ config: dpo(), cache, directory: killed.directory });
    expect(resumed.trainer.adapterOff).toBe(0);
    expect(metricsText(resumed.directory)).toBe(metricsText(whole.directory));
    const longer = await align({ config: dpo({ epochs: 1, loss: { id: "ipo" } }), cache });
    expect(longer.trainer.adapterOff).toBe(0);
  });

  it("a lost cache changes no bit of a resumed run", async () => {
    const whole = await align({ config: dpo() });
    const killed = await align({ config: dpo(), faults: dieAt("step", 13) });
    rmSync(join(killed.directory, "cache"), { recursive: true });
    const resumed = await align({ config: dpo(), directory: killed.directory });
    expect(resumed.result?.resumedFrom).toBe(10);
    expect(resumed.trainer.adapterOff).toBe(30);
    expect(metricsText(resumed.directory)).toBe(metricsText(whole.directory));
    expect(await checkpointBytes(resumed.directory)).toEqual(await checkpointBytes(whole.directory));
  });

  it("is that of the base though an adapter is on; negative control: left on, what was learned reads as nothing", async () => {
    const row: TokenizedRow = {
      query: Int32Array.of(1, 20, 21),
      responses: [Int32Array.of(30, 31, 2), Int32Array.of(40, 2)],
      scores: [7, 2],
    };
    const loss = lossSettings.parse({ id: "dpo" });
    const measured = async (adapterStaysOn: boolean) => {
      const trainer = new BigramTrainer(128, { adapterStaysOn });
      trainer.adapter.forEach((_, i) => {
        trainer.adapter[i] = Math.sin(i);
      });
      const store = await ReferenceStore.open(newDirectory(), {
        model: "m",
        device: "test",
        forward: {},
        longFactors: false,
      });
      const idle = { emit: () => {}, clock: () => 0, whilePaused: async () => {}, signal: undefined };
      const parts = { trainer, store, tokenBudget: 99, ...idle };
      const [refLogps = []] = await referenceLogps([row], parts);
      const question = askQuestion(row, loss, 3, randomStream(1), refLogps);
      return measureQuestions(trainer, [question], { loss, tokenBudget: 99 });
    };
    const wrong = await measured(true);
    expect([wrong.loss, wrong["rewards/margins"]]).toEqual([expect.closeTo(Math.LN2, 12), expect.closeTo(0, 12)]);
    const right = await measured(false);
    expect(Math.abs(right["rewards/margins"] ?? 0)).toBeGreaterThan(0.05);
    expect(Math.abs(right.loss - Math.LN2)).toBeGreaterThan(0.02);
  });

  it("does not depend on how many tokens fit one forward call", async () => {
    const [wide, narrow] = [await align({ config: dpo() }), await align({ config: dpo({ batchTokens: 1 }) })];
    for (const [i, line] of wide.metrics.entries()) expect(line.loss).toBeCloseTo(narrow.metrics[i]?.loss ?? 0, 9);
  });

  it("what is damaged on the disk is computed again, not believed", async () => {
    const cache = newDirectory();
    const whole = await align({ config: dpo(), cache });
    const [key = ""] = readdirSync(join(cache, "reference"));
    const [file = ""] = readdirSync(join(cache, "reference", key));
    const path = join(cache, "reference", key, file);
    writeFileSync(path, text(path).replace(/-\d/, "-9"));
    const again = await align({ config: dpo(), cache });
    expect(again.trainer.adapterOff).toBe(30);
    expect(metricsText(again.directory)).toBe(metricsText(whole.directory));
  });

  it("stopped while it is computed, it says so and keeps what it has", async () => {
    const stop = new AbortController();
    const cache = newDirectory();
    const stopped = await align({
      config: dpo(),
      cache,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === "progress" && event.stage === "reference" && event.done === 7) stop.abort();
      },
    });
    expect(stopped.error).toMatchObject({ code: "cancelled" });
    expect(existsSync(join(stopped.directory, "metrics.jsonl"))).toBe(false);
    expect((await align({ config: dpo(), cache })).trainer.adapterOff).toBe(23);
  });

  it("refuses data without a pair under a loss that lives on pairs, and counts rows that teach nothing", async () => {
    const { error } = await align({ config: dpo(), rows: [{ query: "q", responses: ["a", "b"], scores: [3, 3] }] });
    expect(error).toMatchObject({ code: "bad-setting" });
    const rows = [
      { query: "q", responses: ["a", "b"], scores: [3, 3] },
      { query: "r", responses: ["a", "b"], scores: [3, 1] },
    ];
    const mixed = await align({ config: dpo({ maxSteps: 2, evaluationShare: 0 }), rows });
    expect(mixed.error).toBeUndefined();
    expect(mixed.result?.rows).toMatchObject({ training: 1, pairless: 1 });
    expect(mixed.events).toContainEqual(
      expect.objectContaining({ type: "warning", message: expect.stringContaining("1 rows without a lower-rated") }),
    );
  });
});
