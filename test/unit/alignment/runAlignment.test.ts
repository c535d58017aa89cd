import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planSteps, positionsOfStep, RowOrder } from "../../../core/alignment/plan.ts";
import { runAlignment } from "../../../core/alignment/runAlignment.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { BigramTrainer } from "./bigramTrainer.ts";
import { align, checkpointBytes, newDirectory, settings, text, tokenizer } from "./session.ts";

const whole = await align();
const wholeCheckpoint = await checkpointBytes(whole.directory);
const wholeMetrics = text(join(whole.directory, "metrics.jsonl"));

describe("a run", () => {
  it("learns: loss falls, the better answer becomes the likelier one, on held-out rows too", () => {
    expect(whole.error).toBeUndefined();
    const { result, metrics } = whole;
    expect(result?.steps).toBe(metrics.length);
    expect(metrics.length).toBe(Math.ceil((27 * 3) / 4));
    expect(result?.loss.last).toBeLessThan((result?.loss.first ?? 0) * 0.6);
    expect(metrics.at(-1)?.accuracy).toBeGreaterThan(metrics[0]?.accuracy ?? 1);
    expect(result?.evaluation?.last.loss).toBeLessThan((result?.evaluation?.first.loss ?? 0) * 0.8);
    expect(result?.rows).toMatchObject({ training: 27, evaluation: 3 });
    expect(result?.tokensPerSecond).toBeGreaterThan(0);
  });

  it("writes one metrics line per step, follows the schedule and says speed and time left", () => {
    expect(whole.metrics.map((line) => line.step)).toEqual(whole.metrics.map((_, i) => i + 1));
    const rates = whole.metrics.map((line) => line.learningRate);
    expect(Math.max(...rates)).toBe(0.2);
    expect(rates.at(-1)).toBeLessThan(0.008);
    const progress = whole.events.filter((event) => event.type === "progress");
    expect(progress.at(-1)).toMatchObject({ done: whole.metrics.length, total: whole.metrics.length, secondsLeft: 0 });
    expect(progress[3]?.rate).toBeGreaterThan(0);
    const written = text(join(whole.directory, "events.jsonl")).trim().split("\n");
    expect(written.map((line) => JSON.parse(line))).toEqual(whole.events.filter((event) => event.type !== "progress"));
  });

  it("measures the curve before the first step, at every fifth and at the end", () => {
    const points = whole.events.filter((event) => event.type === "evaluation");
    expect(points.map((point) => point.step)).toEqual([0, 5, 10, 15, 20, 21]);
  });

  it("gives the same numbers again", async () => {
    const again = await align();
    expect(text(join(again.directory, "metrics.jsonl"))).toBe(wholeMetrics);
    expect(await checkpointBytes(again.directory)).toEqual(wholeCheckpoint);
  });

  it("does not depend on how questions are packed into forward calls", async () => {
    const [packed, single] = (await Promise.all(
      [4096, 1].map((batchTokens) => align({ config: settings({ batchTokens }) })),
    )) as [Awaited<ReturnType<typeof align>>, Awaited<ReturnType<typeof align>>];
    expect(Math.max(...packed.trainer.forwardSizes)).toBe(4);
    expect(Math.max(...single.trainer.forwardSizes)).toBe(1);
    for (const [i, line] of packed.metrics.entries()) expect(line.loss).toBeCloseTo(single.metrics[i]?.loss ?? 0, 9);
    packed.trainer.adapter.forEach((value, i) => {
      expect(value).toBeCloseTo(single.trainer.adapter[i] as number, 9);
    });
  });

  it("averages gradients per question: a step of every row twice is the step of every row", async () => {
    const constant = { schedule: { kind: "constant", warmupShare: 0 }, evaluationShare: 0, maxSteps: 1 };
    const once = await align({ config: settings({ ...constant, epochs: 1, accumulation: 30, maxRejected: 9 }) });
    const twice = await align({ config: settings({ ...constant, epochs: 2, accumulation: 60, maxRejected: 9 }) });
    expect(once.metrics[0]?.gradNorm).toBeCloseTo(twice.metrics[0]?.gradNorm ?? 0, 10);
    once.trainer.adapter.forEach((value, i) => {
      expect(value).toBeCloseTo(twice.trainer.adapter[i] as number, 6);
    });
  });

  it("cuts rows at the model's context and says so", async () => {
    const longer = await align({ config: settings({ maxLength: 2048, maxSteps: 1 }) });
    expect(longer.events).toContainEqual(
      expect.objectContaining({ type: "warning", details: { maxLength: 2048, contextLength: 512 } }),
    );
  });

  it("refuses a loss that does not exist before it loads anything", async () => {
    const config = settings({ loss: { id: "stable-alignment", semantics: "reference", reduction: "sum" } });
    const directory = newDirectory();
    const { run } = await RunDirectory.openOrCreate(directory, { config, schema: alignConfig, files: [] });
    const trainer = new BigramTrainer();
    await expect(runAlignment({ config, run, trainer, tokenizer, emit: () => {} })).rejects.toMatchObject({
      code: "bad-setting",
    });
    expect(trainer.calls).toEqual({});
    await run.close();
  });
});

describe("stopped and resumed", () => {
  const crash = new Error("the process died here");
  const equalsWhole = async (directory: string) => {
    const resumed = await align({ directory });
    expect(resumed.error).toBeUndefined();
    expect(text(join(directory, "metrics.jsonl"))).toBe(wholeMetrics);
    expect(await checkpointBytes(directory)).toEqual(wholeCheckpoint);
    return resumed;
  };

  it.each([
    ["in a forward before the first checkpoint", "forward", 3],
    ["in a backward after it", "backward", 8],
    ["in an update", "step", 13],
    ["while the optimizer state of the second checkpoint is written", "saveState", 2],
    ["while the last adapter is written", "saveAdapter", 10],
  ])("killed %s: the resumed run equals the uninterrupted one, bit for bit", async (_, method, call) => {
    const before = (called: string, n: number) => {
      if (called === method && n === call) throw crash;
    };
    const killed = await align({ faults: { before } });
    expect(killed.error).toBe(crash);
    await equalsWhole(killed.directory);
  });

  it("a checkpoint that was cut short leaves the older one, and more metrics than it knows are cut back", async () => {
    const killed = await align({
      faults: {
        before: (method, call) => {
          if (method === "saveState" && call === 3) throw crash;
        },
      },
    });
    expect((await checkpointBytes(killed.directory)).step).toBe(10);
    expect(killed.metrics.length).toBe(15);
    writeFileSync(
      join(killed.directory, "metrics.jsonl"),
      `${text(join(killed.directory, "metrics.jsonl"))}{"step":16,"lo`,
    );
    const resumed = await equalsWhole(killed.directory);
    expect(resumed.result?.resumedFrom).toBe(10);
  });

  it("says that it begins anew where every checkpoint is damaged", async () => {
    const killed = await align({
      faults: {
        before: (method, call) => {
          if (method === "step" && call === 13) throw crash;
        },
      },
    });
    const checkpoints = join(killed.directory, "checkpoints");
    for (const folder of readdirSync(checkpoints)) writeFileSync(join(checkpoints, folder, "adapter.gguf"), "damaged");
    const resumed = await equalsWhole(killed.directory);
    expect(resumed.result?.resumedFrom).toBe(0);
    expect(resumed.events).toContainEqual(
      expect.objectContaining({
        type: "warning",
        message: expect.stringMatching(/^None of the 2 checkpoints .* begins anew\.$/),
      }),
    );
    const { directory } = await align({ config: settings({ checkpointEvery: 0 }) });
    writeFileSync(join(directory, "checkpoints", "step-00000021", "adapter.gguf"), "damaged");
    const anew = await align({ config: settings({ checkpointEvery: 0 }), directory });
    expect(anew.events).toContainEqual(
      expect.objectContaining({
        message: expect.stringMatching(/^The only checkpoint in .*, that of step 21, is damaged .* begins anew\.$/),
      }),
    );
    expect(whole.events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  it("tells which damaged checkpoint it passes over, and the step that it goes on from", async () => {
    const { directory } = await align();
    truncateSync(join(directory, "checkpoints", "step-00000021", "adapter.gguf"), 100);
    const resumed = await equalsWhole(directory);
    expect(resumed.result).toMatchObject({ resumedFrom: 20, steps: 21 });
    const warnings = resumed.events.filter(({ type }) => type === "warning");
    expect(warnings).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(
          /^The checkpoint of step 21 in .*checkpoints is damaged .* goes on from step 20 /,
        ),
      }),
    ]);
    const again = await align({ directory });
    expect(again.events.filter(({ type }) => type === "warning")).toEqual([]);
  });

  it.each(["forward", "backward", "step", "saveState"])(
    "cancelled in %s: ends as cancelled with a checkpoint of the last whole step",
    async (method) => {
      const abort = new AbortController();
      const before = (called: string, call: number) => {
        if (called === method && call === (method === "saveState" ? 1 : 9)) abort.abort();
      };
      const stopped = await align({ faults: { before }, signal: abort.signal });
      expect(stopped.error).toMatchObject({ code: "cancelled" });
      expect((await checkpointBytes(stopped.directory)).step).toBe(stopped.metrics.length);
      expect(stopped.metrics.length).toBeGreaterThan(0);
      const resumed = await equalsWhole(stopped.directory);
      expect(resumed.result?.resumedFrom).toBe(stopped.metrics.length);
    },
  );

  it("stopped before it began, it says so and keeps nothing", async () => {
    const stopped = await align({ signal: AbortSignal.abort() });
    expect(stopped.error).toMatchObject({ code: "cancelled" });
    expect(readdirSync(join(stopped.directory, "checkpoints"))).toEqual([]);
  });

  it("a finished run only reports", async () => {
    const done = await align();
    const again = await align({ directory: done.directory });
    expect(again.trainer.calls.forward).toBeUndefined();
    expect(again.result).toEqual({
      ...done.result,
      resumedFrom: 21,
      tokensPerSecond: null,
      seconds: again.result?.seconds,
    });
  });

  it("refuses a checkpoint that another device made, and says so", async () => {
    const stopped = await align({ config: settings({ maxSteps: 3 }) });
    const config = settings({ maxSteps: 3 });
    const other = await align({ directory: stopped.directory, config, device: "Vulkan" });
    expect(other.error).toMatchObject({ code: "run-mismatch" });
    expect((other.error as Error).message).toContain('device was "test" and is "Vulkan"');
    expect(text(join(stopped.directory, "metrics.jsonl"))).not.toBe("");
  });
});

describe("diverging", () => {
  it("a NaN stops the run before its gradients are used and keeps the last good checkpoint", async () => {
    const killed = await align({ faults: { poisonedForward: 9 } });
    expect(killed.error).toMatchObject({ code: "training-diverged", details: { goodCheckpoint: 5 } });
    expect(killed.trainer.calls.step).toBe(killed.metrics.length);
    expect((await checkpointBytes(killed.directory)).step).toBe(5);
    expect(killed.trainer.adapter.every(Number.isFinite)).toBe(true);
  });

  it("a learning rate that is far too high stops as diverged instead of running on", async () => {
    const wild = settings({
      optimizer: { learningRate: 500, clipNorm: 0 },
      epochs: 20,
      schedule: { kind: "constant" },
    });
    const { error } = await align({ config: wild });
    expect(error).toMatchObject({ code: "training-diverged" });
    expect((error as Error).message).toMatch(/step \d+/);
  });
});

describe("plan", () => {
  it("shows every row once per epoch in an order of its own, across the borders of steps", () => {
    const order = new RowOrder(10, 4);
    const epochs = [0, 1].map((epoch) => Array.from({ length: 10 }, (_, i) => order.at(epoch * 10 + i).row));
    for (const rows of epochs) expect([...rows].sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(new RowOrder(10, 4).at(13)).toEqual(order.at(13));
  });
  it("counts fractions of epochs, the last short step and the upper bound", () => {
    expect(planSteps(10, { epochs: 1.5, accumulation: 4, maxSteps: null })).toEqual({ steps: 4, positions: 15 });
    expect(positionsOfStep(4, { steps: 4, positions: 15 }, 4)).toEqual([12, 15]);
    expect(planSteps(10, { epochs: 9, accumulation: 4, maxSteps: 3 })).toEqual({ steps: 3, positions: 12 });
    expect(planSteps(1, { epochs: 0.01, accumulation: 8, maxSteps: null })).toEqual({ steps: 1, positions: 1 });
  });
});
