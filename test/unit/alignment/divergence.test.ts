import { describe, expect, it } from "vitest";
import { chosenCheckpoint } from "../../../core/alignment/chosenCheckpoint.ts";
import { faultOfPoint, faultOfStep, lastGoodCheckpoint } from "../../../core/alignment/divergence.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { align, crash, dieAt, settings } from "./session.ts";

const point = (step: number, loss: number) => ({ step, loss, accuracy: null });
const steps = (losses: number[], heldOut?: number) =>
  faultOfStep({ losses, evaluations: heldOut === undefined ? [] : [point(0, heldOut)] });

describe("an explosion", () => {
  it("is measured by what the model cost before its first update, not by the exploded steps themselves", () => {
    expect(steps([0.3, 0.3, 5, 5.5, 5.5])).toContain("0.300 before the first update");
    expect(steps([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, ...Array(8).fill(1.8)])).toBeNull();
    expect(steps([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, ...Array(8).fill(2)])).not.toBeNull();
  });

  it("is no single expensive step, and no first step that was cheaper than the held-out rows", () => {
    expect(steps([0.3, 0.3, 0.3, 9, 0.3, 0.3])).toBeNull();
    expect(steps([0.01, ...Array(9).fill(2)])).not.toBeNull();
    expect(steps([0.01, ...Array(9).fill(2)], 1.5)).toBeNull();
  });

  it("is seen on the held-out rows too", () => {
    expect(faultOfPoint([point(0, 0.306), point(2, 1.9)])).toBeNull();
    expect(faultOfPoint([point(0, 0.306), point(2, 1.93)])).toContain("held-out");
    expect(faultOfPoint([point(0, Number.NaN)])).toContain("not a finite number");
  });

  it("leaves as good only what was written before the losses rose", () => {
    const losses = [1, 1, 1, 0.9, 0.9, 3, 9, 9];
    // The sixth step measured the adapter of step 5.
    expect(lastGoodCheckpoint({ losses, evaluations: [] }, [3, 4, 5, 6])).toBe(4);
    expect(lastGoodCheckpoint({ losses, evaluations: [] }, [5, 6, 7])).toBeUndefined();
    expect(lastGoodCheckpoint({ losses, evaluations: [point(0, 1), point(4, 8)] }, [3, 4])).toBe(3);
    expect(lastGoodCheckpoint({ losses: [1, 1, Number.NaN], evaluations: [] }, [1, 2])).toBe(1);
  });
});

/** Goes well for a while (a warm-up), then breaks. */
const wild = (over: object = {}) =>
  settings({
    optimizer: { learningRate: 60, clipNorm: 0 },
    schedule: { kind: "constant", warmupShare: 0 },
    epochs: 4,
    checkpointEvery: 1,
    evaluateEvery: 0,
    ...over,
  });

describe("a run that explodes", () => {
  it("is stopped by its steps, and no checkpoint is called good that is not", async () => {
    const { error, metrics } = await align({ config: wild({ evaluationShare: 0 }) });
    expect(error).toMatchObject({ code: "training-diverged", details: { goodCheckpoint: null } });
    expect((error as Error).message).toContain("before the first update");
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /No checkpoint is known to be good: those kept \(1, 2, .* after the losses rose\.$/,
      ),
      action: expect.stringMatching(/^Start again .* lower learning rate, such as 6 \(--out, --learning-rate 6\)\.$/),
    });
    expect(metrics.length).toBeLessThan(10);
  });

  it("before anything is kept says so, and names a rate to start again with", async () => {
    const { error } = await align({ config: wild({ evaluationShare: 0, checkpointEvery: 50 }) });
    expect(error).toMatchObject({
      code: "training-diverged",
      message: expect.stringMatching(/No checkpoint had been kept yet\.$/),
      action: expect.stringContaining("--learning-rate 6)"),
      details: { learningRate: 6 },
    });
  });

  it("is stopped by its held-out rows before the steps tell", async () => {
    const { error, metrics } = await align({ config: wild({ evaluateEvery: 1 }) });
    expect(error).toMatchObject({ code: "training-diverged", details: { step: 1 } });
    expect((error as Error).message).toContain("held-out rows");
    expect(metrics).toHaveLength(1);
  });

  it("killed and resumed, it stops at the same step for the same reason", async () => {
    const config = wild({ evaluationShare: 0 });
    const whole = await align({ config });
    const killed = await align({ config, faults: dieAt("step", whole.metrics.length) });
    expect(killed.error).toBe(crash);
    const resumed = await align({ config, directory: killed.directory });
    expect((resumed.error as Error).message).toBe((whole.error as Error).message);
  });

  it("names the best checkpoint where one was better than the base", async () => {
    const { error, directory } = await align({ faults: { poisonedForward: 9 } });
    const best = await chosenCheckpoint(directory, "best");
    expect(error).toMatchObject({
      details: { goodCheckpoint: best.step },
      // A third of the 0.2 that went well for a while, to one digit.
      action: expect.stringMatching(
        new RegExp(
          `--learning-rate 0\\.06\\), or use the checkpoint of step ${best.step}, which is better than the base`,
        ),
      ),
    });
  });
});

describe("a loss that is no number before the first update", () => {
  it.each([
    ["on the held-out rows", {}],
    ["in the first step", { evaluationShare: 0 }],
  ])("%s is the fault of the model, not of the learning rate", async (_, over) => {
    const { error } = await align({ config: settings(over), faults: { poisonedForward: 1 } });
    expect(error).toMatchObject({ code: "model-corrupt", action: expect.stringContaining("download it again") });
    expect((error as Error).message).toContain("model.gguf");
  });
});

describe("a run that only gets worse", () => {
  const worse = () =>
    settings({ optimizer: { learningRate: 25 }, evaluateEvery: 1, maxSteps: 1, schedule: { kind: "constant" } });

  it("has no best checkpoint, and says so to whoever asks for it", async () => {
    const { result, directory, events } = await align({ config: worse() });
    const points = events.filter((event): event is JobEvent & { type: "evaluation" } => event.type === "evaluation");
    expect(Math.min(...points.slice(1).map(({ loss }) => loss))).toBeGreaterThan(points[0]?.loss ?? 0);
    expect(result).toMatchObject({ best: null, steps: 1 });
    await expect(chosenCheckpoint(directory, "best")).rejects.toMatchObject({
      code: "run-not-found",
      message: expect.stringContaining("better than the base"),
    });
  });
});
