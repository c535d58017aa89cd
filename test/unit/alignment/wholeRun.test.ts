import { readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bestCheckpoint,
  forwardBegunWith,
  latestAlignmentCheckpoint,
} from "../../../core/alignment/alignmentCheckpoint.ts";
import { chosenCheckpoint } from "../../../core/alignment/chosenCheckpoint.ts";
import { AlignmentControls } from "../../../core/alignment/controls.ts";
import { fingerprintOf, whatDiffers } from "../../../core/alignment/fingerprint.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { align, checkpointBytes, crash, dieAt, metricsText, newDirectory, settings } from "./session.ts";

/** Learns by heart what it is shown: the loss of the held-out rows turns. */
const overfits = {
  optimizer: { learningRate: 0.8 },
  epochs: 12,
  schedule: { kind: "constant", warmupShare: 0 },
  evaluateEvery: 3,
};

describe("the evaluation curve", () => {
  it("keeps the checkpoint of its lowest point apart, where later ones do not push it out", async () => {
    const { result, events, directory } = await align({ config: settings(overfits) });
    const points = events.filter((event) => event.type === "evaluation").filter(({ step }) => step > 0);
    const lowest = points.reduce((best, point) => (point.loss < best.loss ? point : best));
    expect(points.at(-1)?.loss).toBeGreaterThan(lowest.loss * 1.05);
    expect(result?.best).toEqual(await bestCheckpoint(directory));
    expect(result?.best).toMatchObject({ step: lowest.step, loss: lowest.loss });
    expect(readdirSync(join(directory, "best"))).toHaveLength(1);
    expect(readFileSync(result?.best?.adapter ?? "").equals(readFileSync(result?.adapter ?? ""))).toBe(false);
    // The same steps alone give the same adapter.
    const again = await align({ config: settings({ ...overfits, maxSteps: lowest.step }) });
    expect(readFileSync(result?.best?.adapter ?? "").equals(readFileSync(again.result?.adapter ?? ""))).toBe(true);
  });

  it("ends the run early when it stalls, and a stopped run only reports when it is started again", async () => {
    const config = settings({ ...overfits, earlyStop: { patience: 2 } });
    const { result, directory, metrics } = await align({ config });
    expect(result).toMatchObject({ ended: "early-stop", steps: metrics.length });
    expect(metrics.length).toBeLessThan(result?.plannedSteps ?? 0);
    expect(metrics.length).toBe((result?.best?.step ?? 0) + 2 * 3);
    const again = await align({ config, directory });
    expect(again.trainer.calls.step).toBeUndefined();
    expect(again.result).toMatchObject({ ended: "early-stop", steps: metrics.length, best: result?.best });
  });

  it("killed and resumed, it stops at the same step with the same best", async () => {
    const config = settings({ ...overfits, earlyStop: { patience: 2 } });
    const whole = await align({ config });
    const killed = await align({ config, faults: dieAt("step", 8) });
    expect(killed.error).toBe(crash);
    const resumed = await align({ config, directory: killed.directory });
    expect(metricsText(resumed.directory)).toBe(metricsText(whole.directory));
    expect(await checkpointBytes(resumed.directory)).toEqual(await checkpointBytes(whole.directory));
    expect(resumed.result?.best?.step).toBe(whole.result?.best?.step);
  });
});

describe("a damaged best checkpoint", () => {
  const damagedBest = async (over: object) => {
    const run = await align({ config: settings({ ...overfits, ...over }) });
    const best = run.result?.best ?? expect.fail("no best");
    truncateSync(best.adapter, 100);
    return {
      directory: run.directory,
      best,
      again: () => align({ ...run, config: settings({ ...overfits, ...over }) }),
    };
  };
  const warnings = (events: readonly JobEvent[]) =>
    events.flatMap((one) => (one.type === "warning" ? one.message : []));

  it("is written again where the run still keeps that step", async () => {
    const { best, again, directory } = await damagedBest({ earlyStop: { patience: 1 }, checkpointEvery: 3 });
    await expect(chosenCheckpoint(directory, "best")).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`that of step ${best.step}, is damaged`)),
      action: expect.stringMatching(/^Run `folkmoot align --out .*` again: it mends it/),
    });
    const mended = await again();
    expect((await chosenCheckpoint(directory, "best")).step).toBe(best.step);
    expect(warnings(mended.events)).toEqual([
      expect.stringMatching(new RegExp(`best checkpoint, that of step ${best.step}, .* was written again`)),
    ]);
    expect(mended.result?.best).toEqual(best);
    expect(warnings((await again()).events)).toEqual([]);
  });

  it("is told where it is gone, and not called no better than the base", async () => {
    const { best, again, directory } = await damagedBest({ checkpointEvery: 0 });
    const { result, events } = await again();
    expect(warnings(events)).toEqual([
      expect.stringMatching(new RegExp(`that of step ${best.step}, .* no other .* Take the last one`)),
    ]);
    expect(result).toMatchObject({ best: null, evaluation: { best: { step: best.step } } });
    await expect(chosenCheckpoint(directory, "best")).rejects.toMatchObject({
      code: "run-not-found",
      message: expect.stringMatching(new RegExp(`that of step ${best.step}, is damaged`)),
      action: "Take its last checkpoint.",
    });
  });
});

describe("a cap on the time", () => {
  it("stops and keeps; the sessions together equal one run without cap, bit for bit", async () => {
    const whole = await align({ config: settings({ maxMinutes: 1000 }) });
    const config = settings({ maxMinutes: 0.3 });
    const directory = newDirectory();
    const ends: (string | undefined)[] = [];
    for (let session = 0; session < 30 && ends.at(-1) !== "steps"; session++) {
      const { result, metrics } = await align({ config, directory });
      ends.push(result?.ended);
      expect(result?.steps).toBe(metrics.length);
    }
    expect(ends.length).toBeGreaterThan(2);
    expect(new Set(ends.slice(0, -1))).toEqual(new Set(["time"]));
    expect(metricsText(directory)).toBe(metricsText(whole.directory));
    expect(await checkpointBytes(directory)).toEqual(await checkpointBytes(whole.directory));
  });

  it("counts as time left where it ends before the steps do", async () => {
    const timesOf = async (maxMinutes: number | null) => {
      const { events } = await align({ config: settings({ maxMinutes }), directory: newDirectory() });
      return events.flatMap((event) => (event.type === "progress" ? (event.secondsLeft ?? []) : []));
    };
    const [free, capped] = [await timesOf(null), await timesOf(0.3)];
    expect(Math.max(...free)).toBeGreaterThan(18);
    expect(Math.max(...capped)).toBeLessThanOrEqual(18);
    expect(capped.at(-1)).toBeLessThan(capped[0] ?? 0);
  });

  it("makes at least one step a session, however short", async () => {
    const directory = newDirectory();
    for (const step of [1, 2]) {
      const { result } = await align({ config: settings({ maxMinutes: 1e-9 }), directory });
      expect(result).toMatchObject({ ended: "time", steps: step });
    }
  });
});

describe("paused", () => {
  it("begins no step until it is resumed, and the numbers are those of a run without a pause", async () => {
    const controls = new AlignmentControls();
    const whole = await align();
    let stepsWhilePaused = -1;
    const paused = align({
      controls,
      onEvent: (event) => {
        if (event.type !== "metrics" || event.line.step !== 4) return;
        controls.pause();
        setTimeout(() => {
          stepsWhilePaused = 4;
          controls.resume();
        }, 50);
      },
      faults: {
        before: (method, call) => {
          if (method === "step" && call > 4) expect(stepsWhilePaused).toBe(4);
        },
      },
    });
    const { directory, error } = await paused;
    expect(error).toBeUndefined();
    expect(metricsText(directory)).toBe(metricsText(whole.directory));
  });

  it("says so when it stands, before its first step too", async () => {
    const controls = new AlignmentControls();
    controls.pause();
    const heard: string[] = [];
    const { error } = await align({
      controls,
      config: settings({ maxSteps: 2 }),
      onEvent: ({ type }) => {
        if (type !== "paused" && type !== "resumed" && type !== "metrics") return;
        heard.push(type);
        if (type === "paused") setTimeout(() => controls.resume(), 10);
      },
    });
    expect(error).toBeUndefined();
    expect(heard).toEqual(["paused", "resumed", "metrics", "metrics"]);
  });

  it("a paused run can be stopped, and is kept", async () => {
    const controls = new AlignmentControls();
    const stop = new AbortController();
    const { error, directory } = await align({
      controls,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type !== "metrics" || event.line.step !== 3) return;
        controls.pause();
        setTimeout(() => stop.abort(), 20);
      },
    });
    expect(error).toMatchObject({ code: "cancelled" });
    expect((await checkpointBytes(directory)).step).toBe(3);
  });
});

describe("a full disk", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  it.each([
    ["saveAdapter", 4],
    ["saveState", 3],
  ])("met in %s: nothing that was saved is lost, and the run goes on when there is space", async (method, call) => {
    const whole = await align();
    const stopped = await align({
      faults: {
        before: (called, n) => {
          if (called === method && n === call) throw full;
        },
      },
    });
    expect(stopped.error).toBe(full);
    expect((await checkpointBytes(stopped.directory)).step).toBe(method === "saveState" ? 10 : 5);
    expect(stopped.metrics.length).toBe(method === "saveState" ? 15 : 10);
    const resumed = await align({ directory: stopped.directory });
    expect(resumed.error).toBeUndefined();
    expect(metricsText(resumed.directory)).toBe(metricsText(whole.directory));
    expect(await checkpointBytes(resumed.directory)).toEqual(await checkpointBytes(whole.directory));
  });
});

describe("what a checkpoint belongs to", () => {
  it("says what multiplied forward, so that a resumed run goes on with it", async () => {
    const { directory } = await align({ config: settings({ maxSteps: 2 }) });
    const checkpoints = join(directory, "checkpoints");
    expect(await forwardBegunWith(checkpoints)).toEqual({ f32: "f32" });
    expect(await forwardBegunWith(newDirectory())).toBeUndefined();
  });

  const parts = (over: object, files: object = {}) =>
    fingerprintOf(settings(over), { model: "m", data: "d", device: "CPU", products: {}, ...files });

  it("names what differs", () => {
    const before = JSON.parse(JSON.stringify(parts({}).parts));
    const differs = (over: object, files: object = {}) => whatDiffers(before, parts(over, files).parts);
    expect(differs({})).toBeNull();
    expect(differs({ lora: { rank: 8 } })).toBe("lora.rank was 16 and is 8");
    expect(differs({ loss: { id: "dpo" } })).toContain("loss.");
    expect(differs({}, { model: "other" })).toBe("the model file has another content");
    expect(differs({}, { data: "other" })).toBe("the data file has another content");
    const products = { q4_K: { forward: "AMX", backward: "bf16" } };
    const others = { q4_K: { forward: "vnni", backward: "bf16" } };
    const began = JSON.parse(JSON.stringify(parts({}, { products }).parts));
    expect(whatDiffers(began, parts({}, { products: others }).parts)).toBe(
      "it began on a processor that multiplies q4_K by AMX and bf16, and this one multiplies q4_K by vnni and bf16",
    );
    // Another device multiplies otherwise as well, and is what a person would name.
    const card = parts({}, { device: "Vulkan0", products: {} });
    expect(whatDiffers(began, card.parts)).toBe('device was "CPU" and is "Vulkan0"');
    // Checkpoints from before products were kept say nothing of them.
    const { products: _, ...older } = before;
    expect(whatDiffers(older, parts({}, { products }).parts)).toBeNull();
    expect(differs({ lora: { rsLora: true } })).toBe("lora.rsLora was not set and is true");
  });

  it("depends on what changes numbers and on nothing else; what is new and off changes no fingerprint", () => {
    const { hash } = parts({});
    for (const idle of [
      { threads: 3, checkpointEvery: 1, evaluateEvery: 1, activations: "recompute", maxMinutes: 3 },
      { earlyStop: { patience: 2 }, samples: { every: 1 } },
    ])
      expect(parts(idle).hash).toBe(hash);
    for (const active of [
      { batchTokens: 64 },
      { seed: 2 },
      { loss: { id: "dpo" } },
      { lora: { rsLora: true } },
      { lora: { ranks: { attn_q: 8 } } },
      { lora: { layers: { first: 0, last: 0 } } },
    ])
      expect(parts(active).hash).not.toBe(hash);
    // As computed before batchTokens, rsLora and the device were settings: older checkpoints stay valid.
    expect(hash).toBe("7cd5a964e34cc7753edafc96e03d49ecf57e739f2032234a53f658ba7e30d08f");
  });
});

describe("ranks and layers of one's own", () => {
  it("reach the trainer as they are", async () => {
    const lora = { rank: 4, ranks: { attn_q: 8 }, layers: { first: 1, last: 1 } };
    const { trainer } = await align({ config: settings({ maxSteps: 1, lora }) });
    expect(trainer.lora).toMatchObject(lora);
  });

  it.each([
    [{ rsLora: true, ranks: { attn_q: 8 } }, "lora.rsLora", "Rank-stabilized"],
    [{ targets: ["attn_v"], ranks: { attn_q: 8 } }, "lora.ranks", "attn_q"],
    [{ layers: { first: 3, last: 2 } }, "lora.layers", "last layer (2)"],
  ])("%o is a wrong setting, which is named", async (lora, setting, said) => {
    const { error } = await align({ config: settings({ lora }) });
    expect(error).toMatchObject({
      code: "bad-setting",
      message: expect.stringContaining(said),
      details: { setting },
    });
  });
});

describe("rank-stabilized LoRA", () => {
  it("asks the trainer for alpha·√rank, so that the update is scaled by alpha/√rank", async () => {
    const plain = await align({ config: settings({ maxSteps: 1, lora: { rank: 16, alpha: 8 } }) });
    const stable = await align({ config: settings({ maxSteps: 1, lora: { rank: 16, alpha: 8, rsLora: true } }) });
    expect(plain.trainer.lora).toMatchObject({ rank: 16, alpha: 8 });
    expect(stable.trainer.lora).toMatchObject({ rank: 16, alpha: 32 });
  });
});

describe("numbers that went astray", () => {
  it("a gradient that is not finite ends the run, and says which checkpoint is left", async () => {
    const { error, directory } = await align({
      faults: {
        before: (method, call) => {
          if (method === "step" && call === 8)
            throw Object.assign(new Error("The gradient is no finite number."), { code: "training-diverged" });
        },
      },
    });
    expect(error).toMatchObject({ code: "training-diverged", details: { step: 8, goodCheckpoint: 5 } });
    expect((await latestAlignmentCheckpoint(join(directory, "checkpoints")))?.step).toBe(5);
  });
});
