import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommandLine } from "../../../cli/commandLine.ts";
import type { AlignEstimate } from "../../../cli/commands/align/estimate.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { errorExitCodes, FolkmootError } from "../../../core/contract/errors.ts";
import type { JobEvent, ProgressEvent } from "../../../core/contract/events.ts";
import { societyConfig } from "../../../core/contract/society.ts";
import { saveCheckpoint } from "../../../core/workspace/checkpoint.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { type FakeHost, type FakeJob, fakeHost } from "./fakeHost.ts";

const alignResult = {
  steps: 12,
  resumedFrom: 0,
  rows: { training: 90, evaluation: 5 },
  loss: { first: 3.25, last: 0.75, window: 2 },
  evaluation: null,
  tokensPerSecond: 812,
  seconds: 4,
  adapter: "/runs/a/checkpoints/adapter.gguf",
};

const progress = (done: number): ProgressEvent => ({
  type: "progress",
  stage: "align",
  done,
  total: 12,
  unit: "steps",
  rate: 3,
  secondsLeft: 4,
});

async function* finishes(result: Record<string, unknown> = alignResult): AsyncGenerator<JobEvent, void> {
  yield { type: "started", run: "align-1", directory: "/runs/a", resumed: false };
  yield progress(6);
  yield progress(12);
  yield { type: "finished", result };
}

const failing = (error: unknown): FakeJob =>
  async function* () {
    yield progress(1);
    throw error;
  };

let exitCode: typeof process.exitCode;
beforeEach(() => {
  exitCode = process.exitCode;
});
afterEach(() => {
  // runCommandLine sets the status of its process, which here is the test's own.
  process.exitCode = exitCode;
});

const run = (line: string, host: FakeHost) => runCommandLine(line.split(" "), host);

describe("folkmoot align", () => {
  const line = "align --model m.gguf --data d.json --out a";

  it("hands the trainer a whole configuration with absolute paths, flags where they belong", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    const flags = "--rank 4 --alpha 8 --targets attn_q,attn_v --margin 10 --reduction max --semantics reference";
    expect(await run(`${line} ${flags} --append-eos off --learning-rate 3e-4 --schedule linear`, host)).toBe(0);
    const expected = alignConfig.parse({
      model: "/work/folder/m.gguf",
      data: "/work/folder/d.json",
      lora: { rank: 4, alpha: 8, targets: ["attn_q", "attn_v"] },
      loss: { id: "stable-alignment", margin: 10, reduction: "max", semantics: "reference" },
      appendEos: false,
      optimizer: { learningRate: 3e-4 },
      schedule: { kind: "linear" },
    });
    expect(host.inputs).toEqual([["align.run", { config: expected, directory: "/work/folder/a" }]]);
    expect(host.disposed()).toBe(1);
  });

  it("needs a run directory to train in", async () => {
    const host = fakeHost({});
    expect(await run("align --model m.gguf --data d.json", host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain("--out");
  });

  it("--effort sets rank, alpha, rate, epochs and accumulation with reasons; single flags win over it", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    expect(await run(`${line} --effort thorough --epochs 5 --loss dpo`, host)).toBe(0);
    expect(host.inputs[0]?.[1]).toMatchObject({
      config: {
        lora: { rank: 32, alpha: 64 },
        optimizer: { learningRate: 1e-5, beta1: 0.9 },
        epochs: 5,
        accumulation: 16,
        loss: { id: "dpo", beta: 0.1 },
      },
    });
    expect(host.err()).toContain("lora.rank: Twice the usual rank");
    expect(host.err()).not.toContain("epochs:");
    expect(await run(`${line} --effort heroic`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain("--effort");
  });

  it("--cache names the folder that runs share", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    await run(`${line} --cache shared`, host);
    expect(host.inputs[0]?.[1]).toMatchObject({ cache: "/work/folder/shared" });
  });

  it("--estimate says what a training takes by part, without data, and starts nothing", async () => {
    const model = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", "model.gguf");
    const host = fakeHost({});
    expect(await run(`align --model ${model} --rank 4 --estimate --json`, host)).toBe(0);
    const small = JSON.parse(host.out()) as AlignEstimate;
    expect(small).toMatchObject({ measured: null, fits: true, advice: null, parameters: 17_920 / 2 });
    expect(small.estimate.weights).toBe(statSync(model).size);
    const wide = fakeHost({});
    expect(await run(`align --model ${model} --rank 64 --batch-tokens 4096 --estimate --json`, wide)).toBe(0);
    const large = JSON.parse(wide.out()) as AlignEstimate;
    expect(large.estimate.adapter / small.estimate.adapter).toBeCloseTo(16, 1);
    expect(large.estimate.total).toBeGreaterThan(small.estimate.total);
    const shown = fakeHost({});
    await run(`align --model ${model} --estimate`, shown);
    expect(shown.out()).toMatch(/transposed copies +\d.*\n.*adapter and moments/);
    expect([...host.inputs, ...wide.inputs, ...shown.inputs]).toEqual([]);
  });

  it("--estimate names a model that is not there", async () => {
    const host = fakeHost({});
    expect(await run("align --model nowhere.gguf --estimate", host)).toBe(errorExitCodes["model-not-found"]);
  });

  it("says why it ended and where the best point is", async () => {
    const best = { step: 8, loss: 0.5, adapter: "/runs/a/best/step-00000008/adapter.gguf" };
    const host = fakeHost({ "align.run": () => finishes({ ...alignResult, ended: "early-stop", best }) });
    await run(line, host);
    expect(host.out()).toContain("held-out rows got no better");
    expect(host.out()).toContain(best.adapter);
    const timed = fakeHost({ "align.run": () => finishes({ ...alignResult, ended: "time", plannedSteps: 40 }) });
    await run(line, timed);
    expect(timed.out()).toContain("rest of 40");
  });

  it("prints the result on stdout and everything else on stderr", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    await run(line, host);
    expect(host.out()).toContain("3.25 → 0.75");
    expect(host.err()).toContain("12/12 steps");
    expect(host.out()).not.toContain("12/12");
  });

  it("with --json prints one JSON object and nothing else on stdout", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    expect(await run(`${line} --json`, host)).toBe(0);
    expect(JSON.parse(host.out())).toEqual(alignResult);
  });

  it("with --json-events prints every event as a line, the result last", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    await run(`${line} --json-events`, host);
    const lines = host
      .out()
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(["started", "progress", "progress", "result"]);
    expect(lines.at(-1)).toEqual({ type: "result", result: alignResult });
  });

  it("refuses a setting of another loss by the flag's name, and takes plain sft", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    expect(await run(`${line} --loss sft --margin 2`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain("--margin");
    expect(host.inputs).toEqual([]);
    expect(await run(`${line} --loss sft`, host)).toBe(0);
    expect(host.inputs[0]?.[1]).toMatchObject({ config: { loss: { id: "sft" } } });
  });

  it("takes a mixture by weight; a flag changes every part that has the setting", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    expect(await run(`${line} --loss dpo:0.8,ipo:1,sft:0.2 --beta 0.3`, host)).toBe(0);
    const losses = [
      { weight: 0.8, loss: { id: "dpo", beta: 0.3 } },
      { weight: 1, loss: { id: "ipo", beta: 0.3 } },
      { weight: 0.2, loss: { id: "sft" } },
    ];
    expect(host.inputs[0]?.[1]).toMatchObject({ config: { loss: { id: "mixture", losses } } });
  });

  it.each([
    ["auto", "auto"],
    ["0", 0],
    ["99", 99],
  ])("takes --gpu-layers %s", async (given, gpuLayers) => {
    const host = fakeHost({ "align.run": () => finishes() });
    await run(`${line} --gpu-layers ${given}`, host);
    expect(host.inputs[0]?.[1]).toMatchObject({ config: { gpuLayers } });
  });

  it.each([
    ["--loss dpo --margin 2", "--margin"],
    ["--loss dpo:1,sft:1 --gamma 2", "--gamma"],
    ["--loss dpo:many", "--loss"],
    ["--loss dpo:1,kto:1", "--loss"],
    ["--loss kto", "--loss"],
    ["--loss dpo:-1", "--loss"],
    ["--loss dpo --beta 0", "--beta"],
    ["--activations none", "--activations"],
    ["--gpu-layers most", "--gpu-layers"],
    ["--gpu-layers 1.5", "--gpu-layers"],
    ["--sample-prompts nowhere.txt", "--sample-prompts"],
  ])("refuses %s before anything starts, naming %s", async (flags, name) => {
    const host = fakeHost({});
    expect(await run(`${line} ${flags}`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain(name);
    expect(host.inputs).toEqual([]);
  });

  it.each([
    ["--rank abc", "--rank"],
    ["--rank 0", "--rank (lora.rank)"],
    ["--append-eos maybe", "--append-eos"],
    ["--epochs", "--epochs"],
    ["--no-such-flag 1", "--no-such-flag"],
  ])("refuses %s before anything starts, with exit status 2 and the flag's name", async (flag, name) => {
    const host = fakeHost({});
    expect(await run(`${line} ${flag}`, host)).toBe(2);
    expect(host.err()).toContain(name);
    expect(host.inputs).toEqual([]);
    expect(host.out()).toBe("");
  });

  describe("with files", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "folkmoot-cli-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("needs only the folder to resume: the frozen configuration is used again", async () => {
      const frozen = alignConfig.parse({ model: "/m.gguf", data: "/d.json", seed: 9, loss: { id: "sft" } });
      writeFileSync(join(folder, "config.json"), JSON.stringify(frozen));
      const host = fakeHost({ "align.run": () => finishes() });
      expect(await run(`align --out ${folder}`, host)).toBe(0);
      expect(host.inputs[0]?.[1]).toEqual({ config: frozen, directory: folder });
    });

    it("lets flags win over a settings file, and a new loss forget the old one's settings", async () => {
      const path = join(folder, "settings.json");
      writeFileSync(
        path,
        JSON.stringify({ model: "/m.gguf", data: "/d.json", loss: { id: "stable-alignment", margin: 9 } }),
      );
      const host = fakeHost({ "align.run": () => finishes() });
      expect(await run(`align --out x --config ${path} --loss sft --seed 3`, host)).toBe(0);
      expect(host.inputs[0]?.[1]).toMatchObject({ config: { loss: { id: "sft" }, seed: 3, model: "/m.gguf" } });
      expect(await run(`align --out x --config ${path} --ratio 0.5`, host)).toBe(0);
      expect(host.inputs[1]?.[1]).toMatchObject({ config: { loss: { margin: 9, ratio: 0.5 } } });
    });

    it("says which file is no settings file", async () => {
      const path = join(folder, "broken.json");
      writeFileSync(path, "{");
      const host = fakeHost({});
      expect(await run(`align --out x --config ${path}`, host)).toBe(errorExitCodes["data-corrupt"]);
      expect(host.err()).toContain(path);
    });
  });
});

describe("errors", () => {
  const line = "align --model m.gguf --data d.json --out a";
  const corrupt = new FolkmootError("model-corrupt", {
    message: "m.gguf ends in the middle of a tensor.",
    reason: "The download was cut off.",
    action: "Fetch the file again.",
  });

  it("give the status of their code and say what, why and what to do, without a stack trace", async () => {
    const host = fakeHost({ "align.run": failing(corrupt) });
    expect(await run(line, host)).toBe(errorExitCodes["model-corrupt"]);
    expect(host.err()).toContain("Why:  The download was cut off.");
    expect(host.err()).toContain("Do:   Fetch the file again.");
    expect(host.err()).not.toMatch(/\n\s+at /);
    expect(host.out()).toBe("");
    expect(host.disposed()).toBe(1);
  });

  it("are JSON for machines", async () => {
    const host = fakeHost({ "align.run": failing(corrupt) });
    await run(`${line} --json`, host);
    expect(JSON.parse(host.out())).toMatchObject({ error: { code: "model-corrupt", action: "Fetch the file again." } });
  });

  it("of our own making show no stack either, unless diagnostics are asked for", async () => {
    const fault = new TypeError("x is not a function");
    const host = fakeHost({ "align.run": failing(fault) });
    expect(await run(line, host)).toBe(1);
    expect(host.err()).not.toMatch(/\n\s+at /);
    const asked = { ...fakeHost({ "align.run": failing(fault) }), diagnostics: true };
    await run(line, asked);
    expect(asked.err()).toMatch(/\n\s+at /);
  });

  it("a stream that ends without a result is a failure, not a success", async () => {
    const host = fakeHost({
      "align.run": async function* () {
        yield progress(1);
      },
    });
    expect(await run(line, host)).toBe(errorExitCodes.internal);
  });
});

describe("Ctrl+C", () => {
  const line = "align --model m.gguf --data d.json --out a";

  /** Waits for the signal, as a job does that is busy. */
  const busy: FakeJob = async function* (_input, signal) {
    yield progress(1);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    throw new FolkmootError("cancelled", { message: "The run was stopped after 1 step.", action: "Resume it." });
  };

  it("stops the job, keeps what is done, ends the hosts and exits with 130", async () => {
    const host = fakeHost({ "align.run": busy });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    expect(await running).toBe(130);
    expect(host.err()).toContain("Stopping; what is finished is kept.");
    expect(host.disposed()).toBe(1);
    expect(host.left).toEqual([]);
    expect(host.signals.listenerCount("SIGINT")).toBe(0);
  });

  it("says what could not be kept, instead of that all was kept", async () => {
    const full = new FolkmootError("disk-full", { message: "No space is left.", action: "Free some." });
    const host = fakeHost({ "align.run": busy, "trainer.settled": () => Promise.reject(full) });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    expect(await running).toBe(6);
    expect(host.err()).toContain("No space is left.");
  });

  it("twice leaves at once, even when the job does not listen", async () => {
    let end: () => void = () => {};
    const host = fakeHost({
      "align.run": async function* () {
        yield progress(1);
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      },
    });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGINT");
    host.signals.emit("SIGINT");
    expect(host.left).toEqual([130]);
    end();
    await running;
  });

  it("does not turn a job that finished all the same into a success", async () => {
    const host = fakeHost({
      "align.run": async function* (_input, signal) {
        yield progress(1);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        yield { type: "finished", result: alignResult };
      },
    });
    const running = run(line, host);
    await untilText(host, "1/12");
    host.signals.emit("SIGTERM");
    expect(await running).toBe(130);
    expect(host.out()).toBe("");
  });

  async function untilText(host: FakeHost, text: string): Promise<void> {
    while (!host.err().includes(text)) await new Promise((resolve) => setImmediate(resolve));
  }
});

describe("folkmoot society run", () => {
  const result = { interactions: 4, unparsedRatings: 0, rounds: [], promptTokens: 1, completionTokens: 1 };

  it("makes one population of --model and --adapter and keeps every default", async () => {
    const host = fakeHost({ "society.run": () => finishes(result) });
    const line = "society run --model m.gguf --adapter l.gguf --questions q.txt --grid 3x5 --world all_bad --out s";
    expect(await run(`${line} --max-tokens 40 --observer o.gguf --memory-threshold 0.5`, host)).toBe(0);
    const expected = societyConfig.parse({
      populations: [{ model: "/work/folder/m.gguf", adapter: "/work/folder/l.gguf" }],
      questions: { path: "/work/folder/q.txt" },
      grid: { rows: 3, columns: 5 },
      world: { setting: "all_bad" },
      sampling: { maxTokens: 40 },
      observer: { model: "/work/folder/o.gguf" },
      memory: { threshold: 0.5 },
    });
    expect(host.inputs).toEqual([["society.run", { config: expected, directory: "/work/folder/s" }]]);
  });

  it("names --model and --questions when they are missing", async () => {
    const host = fakeHost({});
    expect(await run("society run --out s", host)).toBe(2);
    expect(host.err()).toContain("--model");
    expect(host.err()).toContain("--questions");
  });
});

describe("other commands", () => {
  it("gradcheck passes its case on and prints the numbers untouched", async () => {
    const numbers = { logps: [[-1.5]], loss: 7.276751995086671, nll: [7.5], penalty: 0.229, gradNorm: 6.03 };
    const host = fakeHost({ gradcheck: async () => numbers });
    const line = "gradcheck --model m.gguf --adapter a.gguf --case c.json --mode paper-mean --grads g.gguf --json";
    expect(await run(line, host)).toBe(0);
    expect(JSON.parse(host.out())).toEqual(numbers);
    expect(host.inputs[0]?.[1]).toMatchObject({ mode: "paper-mean", grads: "/work/folder/g.gguf", threads: 0 });
    expect(await run("gradcheck --model m --adapter a --case c --mode nonsense", host)).toBe(2);
    expect(host.err()).toContain("paper-max");
  });

  it("export merged defaults to Q8_0 and refuses unknown types", async () => {
    const exported = { path: "/o.gguf", bytes: 10, proof: { maxDifference: 1e-6, meanDifference: 1e-7 } };
    const host = fakeHost({ "export.merged": () => finishes(exported) });
    expect(await run("export merged --run r --out o.gguf", host)).toBe(0);
    expect(host.inputs[0]?.[1]).toMatchObject({ run: "/work/folder/r", output: "/work/folder/o.gguf", type: "Q8_0" });
    expect(await run("export merged --run r --out o.gguf --type Q9", host)).toBe(2);
    for (const [given, checkpoint] of [
      ["best", "best"],
      ["12", 12],
    ] as const) {
      const other = fakeHost({ "export.merged": () => finishes(exported) });
      expect(await run(`export merged --run r --out o.gguf --checkpoint ${given}`, other)).toBe(0);
      expect(other.inputs[0]?.[1]).toMatchObject({ checkpoint });
    }
    expect(await run("export merged --run r --out o.gguf --checkpoint newest", host)).toBe(2);
    expect(host.err()).toContain("newest");
  });

  it("evaluate takes model and adapter from a run, its last, its best or another checkpoint", async () => {
    const folder = await temporaryFolder();
    const model = join(folder, "model.gguf");
    await writeFile(model, "GGUF");
    const config = alignConfig.parse({ model, data: model });
    const trained = await RunDirectory.create(join(folder, "align"), { config, schema: alignConfig, files: [model] });
    const save = (into: string, step: number, keep: number) =>
      saveCheckpoint(
        into,
        {
          step,
          files: { "adapter.gguf": (path) => writeFile(path, `${step}`) },
          state: { fingerprint: "f", step, position: step, seed: 1, evaluations: [] },
        },
        keep,
      );
    for (const step of [10, 20, 30]) await save(trained.checkpoints, step, 3);
    await save(join(trained.path, "best"), 5, 1);
    await trained.close();
    const host = fakeHost({ "evaluate.run": () => finishes({}) });
    const evaluate = (more: string) =>
      run(`evaluate --run ${trained.path} --questions q.jsonl --out ${join(folder, "e")} ${more}`.trim(), host);
    const steps = [
      ["", "30"],
      ["--checkpoint best", "5"],
      ["--checkpoint 20", "20"],
    ] as const;
    for (const [flag, step] of steps) {
      await evaluate(flag);
      const [, input] = host.inputs.at(-1) ?? [];
      const { config: given } = input as { config: { model: string; adapter: string } };
      expect(given.model).toBe(model);
      expect(await readFile(given.adapter, "utf8")).toBe(step);
    }
    const asked = host.inputs.length;
    expect(await evaluate("--checkpoint 7")).toBe(errorExitCodes["run-not-found"]);
    expect(await evaluate("--adapter a.gguf")).toBe(2);
    expect(host.inputs).toHaveLength(asked);
  });

  it.each([
    "",
    "demo ",
    "models inspect ",
    "society run ",
    "data build ",
    "align ",
    "evaluate ",
    "export adapter ",
    "export merged ",
    "gradcheck ",
  ])("folkmoot %s--help shows usage, and an example where there are flags", async (command) => {
    const host = fakeHost({});
    expect(await run(`${command}--help`, host)).toBe(0);
    expect(host.out()).toContain("Usage: folkmoot");
    if (command !== "") {
      expect(host.out()).toContain("Example:");
      expect(host.out()).toContain("--json");
    }
    for (const text of host.out().split("\n")) expect(text.length).toBeLessThanOrEqual(100);
  });

  it("a misspelt command is bad input and suggests the right one", async () => {
    const host = fakeHost({});
    expect(await run("aling", host)).toBe(2);
    expect(host.err()).toContain("align");
  });
});
