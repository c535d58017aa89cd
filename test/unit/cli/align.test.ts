/** `folkmoot align`: every setting reaches the trainer, and what is wrong is said before anything starts. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AlignEstimate } from "../../../cli/commands/align/estimate.ts";
import { memoryKey, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig, loraTargets } from "../../../core/contract/alignment.ts";
import { errorExitCodes } from "../../../core/contract/errors.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";
import { fakeHost } from "./fakeHost.ts";
import { alignResult, finishes, run } from "./runLine.ts";

const fixtures = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama");

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
    expect(host.err()).toContain("--out is not set");
  });

  it.each([
    ["--loss dpo:1,dpo:2", /dpo stands in it twice/],
    ["--loss mixture", /dpo:1,sft:0\.2/],
    ["--loss foo", /"foo" is none of stable-alignment/],
    ["--sample-prompts nowhere.txt", /nowhere\.txt does not exist/],
    ["--gpu-layers many", /"many" is neither auto nor a number/],
    ["--threads 100000", /--threads must be at most 1024/],
  ])("refuses %s in its own words, with one thing to do", async (flags, said) => {
    const host = fakeHost({});
    expect(await run(`${line} ${flags}`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toMatch(said);
    expect(host.err().match(/^ {2}Do: /gm)).toHaveLength(1);
    expect(host.inputs).toEqual([]);
  });

  it("--effort sets all that the dial sets, told with reasons as flags that would change it", async () => {
    const { model } = await writeMaterial(await temporaryFolder(), 8);
    const host = fakeHost({ "align.run": () => finishes() });
    expect(await run(`align --model ${model} --data d.json --out a --effort quick`, host)).toBe(0);
    expect(host.inputs[0]?.[1]).toMatchObject({
      config: {
        lora: {
          rank: 8,
          alpha: 16,
          rsLora: false,
          targets: [...loraTargets],
          ranks: { attn_k: 4, attn_v: 4 },
          layers: { first: 4, last: 7 },
        },
        optimizer: { learningRate: 4e-3, beta1: 0.9 },
        schedule: { kind: "linear", warmupShare: 0.1 },
        epochs: 1,
        accumulation: 4,
      },
    });
    const told = host.err().split("\n");
    const flags = [
      "--rank 8",
      "--alpha 16",
      "--rs-lora off",
      "--targets attn_q,attn_k,attn_v,attn_output,ffn_gate,ffn_up,",
    ];
    const others = ["--ranks attn_k=4,attn_v=4", "--layers 4-7", "--learning-rate 0.004", "--schedule linear"];
    for (const flag of [...flags, ...others, "--warmup-share 0.1", "--epochs 1", "--accumulation 4"])
      expect(told).toContainEqual(expect.stringMatching(new RegExp(`^${flag}[^:]*: [A-Z].*\\.$`)));
  });

  it("single flags win over --effort, which fits the rest to them and wins over a settings file", async () => {
    const folder = await temporaryFolder();
    const { model } = await writeMaterial(folder, 8);
    const [file, host] = [join(folder, "settings.json"), fakeHost({ "align.run": () => finishes() })];
    const settings = { lora: { targets: ["attn_q"], ranks: { attn_q: 2 }, layers: { first: 1, last: 1 } }, epochs: 9 };
    writeFileSync(file, JSON.stringify(settings));
    const start = `align --model ${model} --data d.json --out a --config ${file}`;
    await run(`${start} --effort thorough --rank 16 --epochs 5 --loss dpo`, host);
    expect(host.inputs[0]?.[1]).toMatchObject({
      config: {
        lora: { rank: 16, alpha: 32, rsLora: false, targets: [...loraTargets], ranks: {}, layers: null },
        optimizer: { learningRate: 2.8e-4 },
        schedule: { warmupShare: 0.1 },
        epochs: 5,
        loss: { id: "dpo", beta: 0.1 },
      },
    });
    expect(host.err()).toMatch(/^--alpha 32: /m);
    expect(host.err()).not.toMatch(/^--(rank|epochs) /m);
    await run(`${start} --effort quick --layers all --ranks none --targets attn_v`, host);
    expect(host.inputs[1]?.[1]).toMatchObject({ config: { lora: { layers: null, ranks: {}, targets: ["attn_v"] } } });
    await run(`${start} --layers all --ranks none --rank 4`, host);
    expect(host.inputs[2]?.[1], "without a dial").toMatchObject({
      config: { lora: { layers: null, ranks: {}, rank: 4, alpha: 32, targets: ["attn_q"] }, epochs: 9 },
    });
    expect(await run(`${line} --effort heroic`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain("--effort");
  });

  it("--cache names the folder that runs share", async () => {
    const host = fakeHost({ "align.run": () => finishes() });
    await run(`${line} --cache shared`, host);
    expect(host.inputs[0]?.[1]).toMatchObject({ cache: "/work/folder/shared" });
  });

  it("--estimate says what a training takes by part, without data, and starts nothing", async () => {
    const model = join(fixtures, "model.gguf");
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
    expect(shown.out()).toMatch(/copies of weights +\d.*\n.*adapter and moments/);
    expect([...host.inputs, ...wide.inputs, ...shown.inputs]).toEqual([]);
  });

  it("--estimate tells what --effort sets, for the estimate is for that", async () => {
    const { model } = await writeMaterial(await temporaryFolder(), 8);
    const [plain, dialled] = [fakeHost({}), fakeHost({})];
    expect(await run(`align --model ${model} --rank 32 --estimate --json`, plain)).toBe(0);
    expect(await run(`align --model ${model} --effort thorough --estimate --json`, dialled)).toBe(0);
    const adapter = (host: typeof plain) => (JSON.parse(host.out()) as AlignEstimate).estimate.adapter;
    expect(adapter(dialled)).toBe(adapter(plain));
    expect(dialled.err()).toMatch(/^--rank 32: Twice/m);
    expect(plain.err()).not.toContain("--rank");
  });

  it("--estimate with data is for those rows, which are counted before anything starts", async () => {
    const model = join(fixtures, "model.gguf");
    const row = { query: 40, responses: [30, 20], scores: [7, 1] };
    const host = fakeHost({ "models.rowSizes": async () => ({ training: Array(9).fill(row), evaluation: [row] }) });
    const settings = "--gpu off --json";
    expect(await run(`align --model ${model} --data d.json ${settings} --estimate`, host)).toBe(0);
    const named = JSON.parse(host.out()) as AlignEstimate;
    expect(named.rows).toEqual({ count: 10, longest: 70 });
    expect(host.inputs.map(([name]) => name)).toEqual(["models.rowSizes"]);
    expect(host.inputs[0]?.[1]).toMatchObject({ model, data: "/work/folder/d.json" });
    const any = fakeHost({});
    await run(`align --model ${model} ${settings} --estimate`, any);
    const unnamed = JSON.parse(any.out()) as AlignEstimate;
    expect(unnamed.rows).toBeNull();
    expect(named.estimate.activations).toBeLessThan(unnamed.estimate.activations / 2);

    const none = fakeHost({ "models.rowSizes": async () => ({ training: [], evaluation: [] }) });
    expect(await run(`align --model ${model} --data d.json --loss dpo --estimate`, none)).toBe(2);
    expect(none.err()).toContain("The dpo loss has nothing to learn from");
  });

  it("--estimate is what was measured on these rows; a part of them only stands beside the estimate", async () => {
    const folder = await temporaryFolder();
    const [model, data] = [join(fixtures, "model.gguf"), join(fixtures, "case.json")];
    const config = alignConfig.parse({ model, data });
    const shape = trainingShape(await readGgufHeader(model));
    const key = memoryKey(shape, config, { data: await hashFile(data) });
    const parts = { weights: 1e6, copies: 0, adapter: 2e6, activations: 3e6, arena: 4e6, resident: 200e6 };
    const rows = { training: [{ query: 8, responses: [4], scores: [7] }], evaluation: [] };
    const estimate = async () => {
      const host = fakeHost({ "models.rowSizes": async () => rows });
      expect(await run(`align --model ${model} --data ${data} --cache ${folder} --estimate`, host)).toBe(0);
      return host.out();
    };
    await rememberMemory(folder, key, { ...parts, whole: false });
    expect(await estimate()).toMatch(/An estimate .*\nThis training took 191 MiB before, with a part of the rows\./);
    await rememberMemory(folder, key, { ...parts, whole: true });
    const measured = await estimate();
    expect(measured).toContain("Measured in this training before");
    expect(measured).toMatch(/the program itself +181 MiB\ntotal +191 MiB/);
  });

  it("--estimate refuses layers that the model does not have", async () => {
    const model = join(fixtures, "model.gguf");
    const host = fakeHost({});
    expect(await run(`align --model ${model} --layers 1-2 --estimate`, host)).toBe(errorExitCodes["bad-setting"]);
    expect(host.err()).toContain("the model has the layers 0 to 1");
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
    const evaluation = { first: { step: 0, loss: 0.3, accuracy: 0.5 }, last: { step: 12, loss: 0.4, accuracy: null } };
    const worse = fakeHost({ "align.run": () => finishes({ ...alignResult, evaluation, best: null }) });
    await run(line, worse);
    expect(worse.out()).toMatch(/best point +no checkpoint was better than the base on the held-out rows/);
    const timed = fakeHost({ "align.run": () => finishes({ ...alignResult, ended: "time", plannedSteps: 40 }) });
    await run(line, timed);
    expect(timed.out()).toContain("rest of 40");
  });

  it("tells the memory it took beside what was expected, and nothing of it where nothing was trained", async () => {
    const mib = 2 ** 20;
    const memory = { weights: 100 * mib, copies: 0, adapter: 20 * mib, activations: 60 * mib, arena: 20 * mib };
    const work = { headChunk: 10 * mib, block: 30 * mib };
    const memoryEstimate = { ...memory, ...work, activations: 100 * mib, program: 150 * mib, total: 400 * mib };
    const result = { ...alignResult, memory, memoryEstimate, peakResidentBytes: 380 * mib };
    const host = fakeHost({ "align.run": () => finishes(result) });
    await run(line, host);
    const totals = /memory +380 MiB \(estimated 400 MiB, 5 % less\)\n +weights +100 MiB \(estimated 100 MiB\)/;
    expect(host.out()).toMatch(totals);
    expect(host.out()).toMatch(/ {2}activations +60 MiB \(estimated 100 MiB, 40 % less\)/);
    expect(host.out()).toMatch(/ {2}the program itself +180 MiB \(estimated 150 MiB, 20 % more\)/);
    // One total, of the same parts on both sides.
    expect(host.out().match(/estimated 400|at most/g)).toHaveLength(1);
    const resumed = fakeHost({ "align.run": () => finishes({ ...result, memory: { ...memory, activations: 0 } }) });
    await run(line, resumed);
    expect(resumed.out()).not.toContain("memory");
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
    ["--targets attn_q,nose", "--targets"],
    ["--ranks attn_q", "--ranks"],
    ["--ranks attn_q=0", "--ranks"],
    ["--layers late", "--layers"],
    ["--layers 1-2-3", "--layers"],
    ["--beta1 1", "--beta1"],
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
