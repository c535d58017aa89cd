import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bestCheckpoint, latestAlignmentCheckpoint } from "../../../core/alignment/alignmentCheckpoint.ts";
import { AlignmentControls } from "../../../core/alignment/controls.ts";
import { fingerprintOf, whatDiffers } from "../../../core/alignment/fingerprint.ts";
import { askQuestion } from "../../../core/alignment/questions.ts";
import { referenceLogps } from "../../../core/alignment/referenceLogps.ts";
import { ReferenceStore } from "../../../core/alignment/referenceStore.ts";
import { readSamples, type Sampler } from "../../../core/alignment/samples.ts";
import type { TokenizedRow } from "../../../core/alignment/tokenizeRows.ts";
import { measureQuestions } from "../../../core/alignment/trainStep.ts";
import { lossSettings } from "../../../core/contract/alignment.ts";
import { randomStream } from "../../../core/random.ts";
import { sha256 } from "../../../core/workspace/hash.ts";
import { BigramTrainer } from "./bigramTrainer.ts";
import { align, checkpointBytes, newDirectory, settings, text } from "./session.ts";

const metricsText = (directory: string) => text(join(directory, "metrics.jsonl"));
const crash = new Error("the process died here");
const dieAt = (method: string, call: number) => ({
  before: (called: string, n: number) => {
    if (called === method && n === call) throw crash;
  },
});
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

describe("samples", () => {
  /** Speaks of the adapter file it was given, so that a wrong or a missing one shows. */
  class EchoSampler implements Sampler {
    readonly asked: (string | null)[] = [];
    async sample(adapter: string | null, prompts: readonly string[]) {
      const voice = adapter === null ? "base" : sha256(readFileSync(adapter)).slice(0, 32);
      this.asked.push(adapter === null ? null : voice);
      return prompts.map((prompt) => `${voice}: ${prompt}`);
    }
  }
  const sampled = (every: number) => settings({ samples: { every, prompts: ["give it back?", "who are you?"] } });

  it("stand side by side at every nth step, the base asked once, and change no number of the run", async () => {
    const sampler = new EchoSampler();
    const { directory, error, result } = await align({ config: sampled(8), sampler });
    expect(error).toBeUndefined();
    const lines = await readSamples(directory);
    expect(lines.map((line) => line.step)).toEqual([0, 8, 16]);
    expect(lines[0]?.samples[0]).toEqual({ prompt: "give it back?", base: "base: give it back?", tuned: null });
    for (const line of lines)
      expect(line.samples.map(({ base }) => base)).toEqual(lines[0]?.samples.map((s) => s.base));
    expect(lines[1]?.samples[0]?.tuned).not.toBe(lines[2]?.samples[0]?.tuned);
    expect(sampler.asked.filter((voice) => voice === null)).toHaveLength(1);
    expect(metricsText(directory)).toBe(metricsText((await align()).directory));
    expect(readdirSync(directory).filter((name) => name.includes("adapter"))).toEqual([]);
    expect(result?.ended).toBe("steps");
  });

  it("killed and resumed they are those of an uninterrupted run, each once", async () => {
    const config = sampled(2);
    const whole = await align({ config, sampler: new EchoSampler() });
    const killed = await align({ config, sampler: new EchoSampler(), faults: dieAt("step", 9) });
    expect((await readSamples(killed.directory)).at(-1)?.step).toBe(8);
    const resumed = await align({ config, sampler: new EchoSampler(), directory: killed.directory });
    expect(resumed.error).toBeUndefined();
    expect(await readSamples(resumed.directory)).toEqual(await readSamples(whole.directory));
  });

  it("a look that fails costs the texts, not the training; said once", async () => {
    const sampler: Sampler = { sample: () => Promise.reject(new Error("no memory for a context")) };
    const { error, events } = await align({ config: sampled(2), sampler });
    expect(error).toBeUndefined();
    const warnings = events.filter((event) => event.type === "warning" && event.message.includes("no memory"));
    expect(warnings).toHaveLength(1);
  });

  it("refuses to begin where nothing can speak or nothing is asked", async () => {
    for (const session of [
      { config: sampled(2) },
      { config: settings({ samples: { every: 2 } }), sampler: new EchoSampler() },
    ]) {
      const { error, trainer } = await align(session);
      expect(error).toMatchObject({ code: "bad-setting" });
      expect(trainer.calls).toEqual({});
    }
  });
});

describe("what a checkpoint belongs to", () => {
  const parts = (over: object, files: object = {}) =>
    fingerprintOf(settings(over), { model: "m", data: "d", device: "CPU", ...files });

  it("names what differs", () => {
    const before = JSON.parse(JSON.stringify(parts({}).parts));
    const differs = (over: object, files: object = {}) => whatDiffers(before, parts(over, files).parts);
    expect(differs({})).toBeNull();
    expect(differs({ lora: { rank: 8 } })).toBe("lora.rank was 16 and is 8");
    expect(differs({ loss: { id: "dpo" } })).toContain("loss.");
    expect(differs({}, { model: "other" })).toBe("the model file has another content");
    expect(differs({}, { data: "other" })).toBe("the data file has another content");
    expect(differs({ lora: { rsLora: true } })).toBe("lora.rsLora was not set and is true");
  });

  it("depends on what changes numbers and on nothing else; what is new and off changes no fingerprint", () => {
    const { hash } = parts({});
    for (const idle of [
      { threads: 3, checkpointEvery: 1, evaluateEvery: 1, activations: "recompute", maxMinutes: 3 },
      { earlyStop: { patience: 2 }, samples: { every: 1 } },
    ])
      expect(parts(idle).hash).toBe(hash);
    for (const active of [{ batchTokens: 64 }, { lora: { rsLora: true } }, { seed: 2 }, { loss: { id: "dpo" } }])
      expect(parts(active).hash).not.toBe(hash);
    // As computed before batchTokens, rsLora and the device were settings: older checkpoints stay valid.
    expect(hash).toBe("7cd5a964e34cc7753edafc96e03d49ecf57e739f2032234a53f658ba7e30d08f");
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

describe("the reference", () => {
  const dpo = (over: object = {}) => settings({ loss: { id: "dpo", beta: 0.2 }, ...over });

  it("dpo starts at ln 2 with margins of 0 and then learns: margins grow, the better answer wins", async () => {
    const { metrics, error, trainer, events } = await align({ config: dpo() });
    expect(error).toBeUndefined();
    expect(metrics[0]?.loss).toBeCloseTo(Math.LN2, 10);
    expect(metrics[0]?.rewardsMargin).toBeCloseTo(0, 10);
    expect(metrics.at(-1)?.loss).toBeLessThan(0.3);
    expect(metrics.at(-1)?.rewardsMargin).toBeGreaterThan(1);
    expect(metrics.at(-1)?.rewardsAccuracy).toBe(1);
    expect(metrics.at(-1)?.logpsRejected).toBeLessThan(metrics[0]?.logpsRejected ?? 0);
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
      const store = await ReferenceStore.open(newDirectory(), { model: "m", device: "test" });
      const parts = { trainer, store, tokenBudget: 99, emit: () => {}, clock: () => 0, signal: undefined };
      const [refLogps = []] = await referenceLogps([row], parts);
      const question = askQuestion(row, loss, 3, randomStream(1), refLogps);
      return measureQuestions(trainer, [question], { loss, tokenBudget: 99 });
    };
    const wrong = await measured(true);
    expect([wrong.loss, wrong.rewardsMargin]).toEqual([expect.closeTo(Math.LN2, 12), expect.closeTo(0, 12)]);
    const right = await measured(false);
    expect(Math.abs(right.rewardsMargin ?? 0)).toBeGreaterThan(0.05);
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
    expect(mixed.events).toContainEqual(
      expect.objectContaining({ type: "warning", message: expect.stringContaining("1 rows have no lower-rated") }),
    );
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
    expect(error).toMatchObject({ code: "training-diverged", details: { step: 8, lastCheckpoint: 5 } });
    expect((await latestAlignmentCheckpoint(join(directory, "checkpoints")))?.step).toBe(5);
  });
});
