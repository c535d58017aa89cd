import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeAlignmentCheckpoint, writeBestCheckpoint } from "../../../core/alignment/alignmentCheckpoint.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { type QuantizationType, quantizationTypes } from "../../../core/contract/models.ts";
import { exportAdapter } from "../../../core/exports/exportAdapter.ts";
import { mergedBytes, quantizedBytes } from "../../../core/exports/exportMerged.ts";
import { type ExportTools, exportAdapterOfRun, exportMergedOfRun } from "../../../core/exports/exportRun.ts";
import { readExportSource } from "../../../core/exports/exportSource.ts";
import type { Proof } from "../../../core/exports/proof.ts";
import { type MetadataValue, writeGguf } from "../../../core/models/ggufWriter.ts";
import { randomStream } from "../../../core/random.ts";
import { sha256 } from "../../../core/workspace/hash.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { BigramTrainer } from "../alignment/bigramTrainer.ts";

const folder = await mkdtemp(join(tmpdir(), "folkmoot-exports-"));
afterAll(() => rm(folder, { recursive: true }));

const text = (value: string): MetadataValue => ({ type: "text", value });
const tensor = (name: string, dimensions: number[], encoding: "F32" | "F16" | "Q8_0" = "F32") => ({
  name,
  dimensions,
  encoding,
  chunks: () => [new Float32Array(dimensions.reduce((product, size) => product * size, 1)).fill(0.5)],
});

const model = join(folder, "model.gguf");
await writeGguf(model, new Map([["general.architecture", text("llama")]]), [
  tensor("blk.0.attn_q.weight", [64, 64], "Q8_0"),
  tensor("output.weight", [64, 128], "Q8_0"),
  tensor("output_norm.weight", [64]),
]);
const data = join(folder, "data.json");
writeFileSync(
  data,
  JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ query: `q${i}`, responses: [`answer ${i}`], scores: [6] }))),
);

/** Learned weights that do not stand in the GGUF: loading any adapter gives these. */
class TrainedBigram extends BigramTrainer {
  static opened = 0;
  override async loadAdapter(): Promise<void> {
    const random = randomStream(5, "trained");
    this.adapter = this.adapter.map(() => random.normal());
  }
  override async saveAdapter(path: string): Promise<void> {
    const metadata = new Map<string, MetadataValue>([
      ["general.type", text("adapter")],
      ["general.architecture", text("llama")],
      ["adapter.type", text("lora")],
      ["adapter.lora.alpha", { type: "f32", value: 32 }],
    ]);
    await writeGguf(path, metadata, [
      tensor("blk.0.attn_q.weight.lora_a", [64, 4]),
      tensor("blk.0.attn_q.weight.lora_b", [4, 64]),
    ]);
  }
  override async dispose(): Promise<void> {
    TrainedBigram.opened--;
  }
}

const tokenize = (value: string) => [...value].map((letter) => letter.charCodeAt(0));

async function trainedRun(trained = true, over: object = {}) {
  const directory = await mkdtemp(join(folder, "run-"));
  const config = alignConfig.parse({ model, data, ...over });
  await using run = await RunDirectory.create(directory, { config, schema: alignConfig, files: [model, config.data] });
  const state = { fingerprint: "f", step: 7, position: 56, seed: 1, evaluations: [] };
  if (trained) await writeAlignmentCheckpoint(run.checkpoints, new TrainedBigram(), state);
  return directory;
}

interface Fakes {
  /** What the re-opened file does to the trainer's log-probabilities. */
  scorer?: { adapter?: boolean; shift?: number; otherToken?: boolean };
  merge?: (output: string) => Promise<void>;
}

function tools({ scorer = {}, merge }: Fakes = {}) {
  const opened: { model: string; adapter: string | null }[] = [];
  const open = { scorers: 0 };
  const fake: ExportTools = {
    libraries: "libraries",
    threads: 2,
    openTrainer: async () => {
      TrainedBigram.opened++;
      return new TrainedBigram();
    },
    openTokenizer: async () => ({ tokenize, tokenizeContinuation: tokenize, bos: 1, eos: 2, dispose: async () => {} }),
    openScorer: async (modelPath, adapter) => {
      opened.push({ model: modelPath, adapter });
      open.scorers++;
      expect(existsSync(adapter ?? modelPath)).toBe(true);
      const twin = new TrainedBigram();
      await twin.loadAdapter();
      return {
        tokenize,
        tokenizeContinuation: (value) => tokenize(value).map((token, i) => (scorer.otherToken && i === 1 ? 99 : token)),
        bos: 1,
        eos: 2,
        async tokenLogps(prompt, response) {
          const [row] = await twin.forward([{ query: prompt, responses: [response] }], {
            adapter: scorer.adapter ?? true,
            keep: false,
          });
          return (row?.[0] ?? []).map((logp) => logp + (scorer.shift ?? 0));
        },
        dispose: async () => {
          open.scorers--;
        },
      };
    },
    addon: {
      mergeAdapter: async ({ output, adapter }) => (merge ? merge(output) : copyFile(adapter, output)),
      quantize: async ({ input, output, type }) =>
        writeFile(output, Buffer.concat([await readFile(input), Buffer.from(type)])),
    },
  };
  return { fake, opened, open };
}

const job = (directory: string, output: string, fake: ExportTools) => {
  const events: JobEvent[] = [];
  return { directory, output, tools: fake, emit: (event: JobEvent) => events.push(event), events };
};

describe("adapter", () => {
  it("is the checkpoint's adapter byte for byte, proven, with its provenance beside it", async () => {
    const directory = await trainedRun();
    const output = join(directory, "exports", "deeper", "adapter.gguf");
    const { fake, opened, open } = tools();
    const result = await exportAdapterOfRun(job(directory, output, fake));
    const bytes = readFileSync(output);
    expect(bytes.equals(readFileSync(join(directory, "checkpoints", "step-00000007", "adapter.gguf")))).toBe(true);
    expect(result).toMatchObject({ path: output, bytes: bytes.length, sha256: sha256(bytes), step: 7 });
    expect(result.proof).toMatchObject({ samples: 24, maxDifference: 0, conclusive: true });
    expect(result.proof.effect).toBeGreaterThan(0.3);
    expect(opened).toEqual([{ model, adapter: `${output}.partial.gguf` }]);
    expect(open.scorers + TrainedBigram.opened).toBe(0);
    const sidecar = JSON.parse(readFileSync(`${output}.json`, "utf8"));
    expect(sidecar).toMatchObject({
      kind: "adapter",
      file: { sha256: sha256(bytes) },
      base: { path: model, sha256: sha256(readFileSync(model)) },
      data: { sha256: sha256(readFileSync(data)) },
      adapter: { step: 7, sha256: sha256(bytes) },
      config: { lora: { rank: 16 } },
      proof: { samples: 24 },
    });
    expect(sidecar.versions.nodeLlamaCpp).toMatch(/^3\./);
    expect(readdirSync(join(directory, "exports", "deeper")).sort()).toEqual(["adapter.gguf", "adapter.gguf.json"]);
  });

  it.each([
    ["that lost its adapter", { adapter: false }],
    ["that is a little off everywhere", { shift: 0.02 }],
    ["whose numbers are not numbers", { shift: Number.NaN }],
    ["that reads other tokens", { otherToken: true }],
  ])("an export %s is no export: proof-failed, the older file stays, nothing half is left", async (_, scorer) => {
    const directory = await trainedRun();
    const output = join(directory, "exports", "adapter.gguf");
    await writeFile(output, "the older export");
    const { fake, open } = tools({ scorer });
    await expect(exportAdapterOfRun(job(directory, output, fake))).rejects.toMatchObject({ code: "proof-failed" });
    expect(readFileSync(output, "utf8")).toBe("the older export");
    expect(readdirSync(join(directory, "exports"))).toEqual(["adapter.gguf"]);
    expect(open.scorers + TrainedBigram.opened).toBe(0);
  });

  it("can be that of the best point of the curve, which says so in its provenance", async () => {
    const directory = await trainedRun();
    const { fake } = tools();
    const output = join(directory, "exports", "best.gguf");
    const best = { ...job(directory, output, fake), checkpoint: "best" as const };
    await expect(exportAdapterOfRun(best)).rejects.toMatchObject({
      code: "run-not-found",
      action: expect.stringContaining("last checkpoint"),
    });
    const evaluations = [{ step: 5, loss: 0.2, accuracy: 1 }];
    const state = { fingerprint: "f", step: 5, position: 40, seed: 1, evaluations };
    await writeBestCheckpoint(directory, new TrainedBigram(), state);
    expect(await exportAdapterOfRun(best)).toMatchObject({ path: output, step: 5 });
    const sidecar = JSON.parse(readFileSync(`${output}.json`, "utf8"));
    expect(sidecar.adapter).toMatchObject({ checkpoint: "best", step: 5 });
    expect(await exportAdapterOfRun({ ...best, checkpoint: 5 })).toMatchObject({ step: 5 });
    expect(await exportAdapterOfRun({ ...best, checkpoint: 7 })).toMatchObject({ step: 7 });
    await expect(exportAdapterOfRun({ ...best, checkpoint: 6 })).rejects.toMatchObject({
      code: "run-not-found",
      action: expect.stringContaining("5, 7"),
    });
  });

  it("is an older checkpoint where the last one is damaged, and says so", async () => {
    const directory = await trainedRun();
    const state = { fingerprint: "f", step: 9, position: 72, seed: 1, evaluations: [] };
    await writeAlignmentCheckpoint(join(directory, "checkpoints"), new TrainedBigram(), state);
    writeFileSync(join(directory, "checkpoints", "step-00000009", "adapter.gguf"), "damaged");
    const { fake } = tools();
    const made = job(directory, join(directory, "exports", "a.gguf"), fake);
    expect(await exportAdapterOfRun(made)).toMatchObject({ step: 7 });
    expect(made.events).toContainEqual({
      type: "warning",
      message: expect.stringMatching(
        /^The checkpoint of step 9 in .* is damaged .* step 7 is taken\. Run `folkmoot align/,
      ),
    });
    writeFileSync(join(directory, "checkpoints", "step-00000007", "adapter.gguf"), "damaged");
    await expect(exportAdapterOfRun(made)).rejects.toMatchObject({
      code: "run-not-found",
      message: expect.stringContaining("All checkpoints"),
    });
  });

  it("of rows that training cut is proven on what training saw of them", async () => {
    const long = join(folder, "long.json");
    const row = (i: number) => ({
      query: `question ${i} `.repeat(9),
      responses: [`answer ${i} `.repeat(90)],
      scores: [6],
    });
    writeFileSync(long, JSON.stringify(Array.from({ length: 30 }, (_, i) => row(i))));
    const directory = await trainedRun(true, { data: long, maxLength: 64 });
    const { fake } = tools();
    const { proof } = await exportAdapterOfRun(job(directory, join(directory, "a.gguf"), fake));
    expect(proof).toMatchObject({ samples: 24, tokens: 24 * 32, maxDifference: 0, conclusive: true });
    const other = tools({ scorer: { otherToken: true } });
    const failing = exportAdapterOfRun(job(directory, join(directory, "b.gguf"), other.fake));
    await expect(failing).rejects.toMatchObject({ code: "proof-failed", message: expect.stringContaining("splits") });
  });

  it("without a text to prove it with says so, and not that the file type is too coarse", async () => {
    const empty = join(folder, "empty.json");
    writeFileSync(empty, JSON.stringify([{ query: "q", responses: ["", ""], scores: [6, 1] }]));
    const directory = await trainedRun(true, { data: empty });
    const failing = exportAdapterOfRun(job(directory, join(directory, "a.gguf"), tools().fake));
    await expect(failing).rejects.toMatchObject({
      code: "proof-failed",
      reason: expect.stringContaining("No row"),
      action: expect.stringContaining("data file"),
    });
  });

  it("is refused without a checkpoint, over its own source, on a full disk, and for a model that was replaced", async () => {
    const { fake } = tools();
    const empty = await trainedRun(false);
    await expect(exportAdapterOfRun(job(empty, join(empty, "a.gguf"), fake))).rejects.toMatchObject({
      code: "run-not-found",
    });
    const directory = await trainedRun();
    await expect(exportAdapterOfRun(job(directory, model, fake))).rejects.toMatchObject({ code: "bad-input" });
    const source = await readExportSource(directory, "last");
    const prove = async (): Promise<Proof> => {
      throw new Error("never reached");
    };
    const full = exportAdapter({ source, output: join(directory, "a.gguf"), prove, freeBytes: async () => 100 });
    await expect(full).rejects.toMatchObject({
      code: "disk-full",
      details: { free: 100, needed: source.adapter.fileBytes },
    });
    const before = readFileSync(model);
    await writeGguf(model, new Map([["general.architecture", text("llama")]]), [
      tensor("blk.0.attn_q.weight", [64, 64]),
    ]);
    await expect(readExportSource(directory, "last")).rejects.toMatchObject({ code: "run-mismatch" });
    writeFileSync(model, before);
  });
});

describe("merged model", () => {
  it("is merged, quantized, proven without an adapter, and leaves nothing between behind", async () => {
    const directory = await trainedRun();
    const output = join(directory, "exports", "merged.gguf");
    const { fake, opened } = tools({ scorer: { shift: 0.06 } });
    const made = job(directory, output, fake);
    const result = await exportMergedOfRun({ ...made, type: "Q4_K_M" });
    expect(readFileSync(output, "latin1").endsWith("Q4_K_M")).toBe(true);
    expect(opened).toEqual([{ model: `${output}.partial.gguf`, adapter: null }]);
    expect(result.proof.meanDifference).toBeCloseTo(0.06, 9);
    expect(result.proof.meanLoss).toBeCloseTo(-0.06, 9);
    expect(JSON.parse(readFileSync(`${output}.json`, "utf8"))).toMatchObject({ kind: "merged", type: "Q4_K_M" });
    expect(readdirSync(join(directory, "exports")).sort()).toEqual(["merged.gguf", "merged.gguf.json"]);
    expect(made.events.map((event) => event.type === "progress" && event.done)).toEqual([0, 1, 2, 3]);
    // So far off that a finer type is faulty; what it advises is finer still.
    const strict = { shift: 0.101 + 0.031 * result.proof.rmsEffect };
    const refusedAs = (type: QuantizationType | null) =>
      exportMergedOfRun({ ...job(directory, output, tools({ scorer: strict }).fake), type });
    await expect(refusedAs("Q4_K_M")).resolves.toMatchObject({ proof: { tolerance: { share: 0.15 } } });
    await expect(refusedAs(null)).rejects.toMatchObject({
      code: "proof-failed",
      action: expect.stringMatching(/^Export the adapter alone/),
    });
    await expect(refusedAs("F16")).rejects.toMatchObject({
      action: expect.stringMatching(/^Export the adapter alone/),
    });
    await expect(refusedAs("Q8_0")).rejects.toMatchObject({
      action: expect.stringMatching(/^Export a finer file type \(F16\), or the adapter alone/),
    });
  });

  it.each(quantizationTypes)("as %s without its adapter is refused", async (type) => {
    const directory = await trainedRun();
    const { fake } = tools({ scorer: { adapter: false } });
    const failing = exportMergedOfRun({ ...job(directory, join(directory, "m.gguf"), fake), type });
    await expect(failing).rejects.toMatchObject({ code: "proof-failed" });
  });

  it("a merge that dies leaves no file", async () => {
    const directory = await trainedRun();
    const output = join(directory, "exports", "merged.gguf");
    const merge = async (path: string) => {
      await writeFile(path, "half a mod");
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    };
    await expect(exportMergedOfRun({ ...job(directory, output, tools({ merge }).fake), type: "Q8_0" })).rejects.toThrow(
      "no space",
    );
    expect(readdirSync(join(directory, "exports"))).toEqual([]);
  });

  it("knows beforehand how large it becomes", async () => {
    const { model: base, adapter } = await readExportSource(await trainedRun(), "last");
    const q = base.tensors.find(({ name }) => name === "blk.0.attn_q.weight");
    expect(mergedBytes(base, adapter)).toBe(base.fileBytes - (q?.bytes ?? 0) + 64 * 64 * 2);
    expect(quantizedBytes(base, "F32")).toBeGreaterThanOrEqual((64 * 64 + 64 * 128 + 64) * 4);
  });
});
