import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadNativeAddon } from "../../../core/alignment/nativeAddon.ts";
import { runAlignment } from "../../../core/alignment/runAlignment.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { evaluationConfig } from "../../../core/contract/evaluation.ts";
import { type QuantizationType, quantizationTypes } from "../../../core/contract/models.ts";
import { runEvaluation } from "../../../core/evaluation/runEvaluation.ts";
import { type ExportTools, exportAdapterOfRun, exportMergedOfRun } from "../../../core/exports/exportRun.ts";
import { ggmlLibraryFolder } from "../../../core/models/llama/libraries.ts";
import { loadModel, openScorer } from "../../../core/models/llama/loadedModel.ts";
import { openTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { hashModel } from "../../../core/workspace/hash.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { writeRandomModel } from "../../../scripts/models/randomModel.ts";
import { type Fault, faults, writeFaultyAdapter } from "../../support/faultyAdapter.ts";
import { splitModel } from "../../support/splitModel.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const shape = { layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, contextLength: 256, tied: false };
const libraries = ggmlLibraryFolder();
const addon = loadNativeAddon();
const tools: ExportTools = {
  addon,
  libraries,
  threads: 1,
  openTrainer: (model) => addon.openTrainer({ model, libraries, threads: 1 }),
  openTokenizer,
  openScorer: (path, adapter, contextSize) => openScorer({ path, adapter, contextSize, threads: 1 }),
};
const emit = () => {};

async function train(directory: string, model: string, data: string, over: object = {}): Promise<void> {
  const config = alignConfig.parse({
    model,
    data,
    lora: { rank: 8 },
    optimizer: { learningRate: 1e-2 },
    epochs: 8,
    evaluationShare: 0,
    ...over,
  });
  await using run = await RunDirectory.create(directory, { config, schema: alignConfig, files: [model, data] });
  await using tokenizer = await openTokenizer(model);
  const trainer = await tools.openTrainer(model, null);
  try {
    await runAlignment({ config, run, trainer, tokenizer, emit });
  } finally {
    await trainer.dispose();
  }
}

it("what was trained is what llama.cpp speaks: exports are proven, and the adapter answers held-out questions", async () => {
  const folder = await temporaryFolder();
  const [model, data, run] = [join(folder, "m.gguf"), join(folder, "data.json"), join(folder, "run")];
  await writeRandomModel(model, { shape, vocabularySize: 400, encoding: "Q8_0", seed: 3 });
  const query = (i: number) => `### Instruction:\nThing ${i}?\n\n### Response:\n`;
  const rows = Array.from({ length: 24 }, (_, i) => ({
    query: query(i),
    responses: ["give it", "keep it"],
    scores: [6, 1],
  }));
  writeFileSync(data, JSON.stringify(rows));
  await train(run, model, data);

  const adapter = await exportAdapterOfRun({ directory: run, output: join(run, "exports", "a.gguf"), tools, emit });
  expect(adapter.proof.effect).toBeGreaterThan(1);
  expect(adapter.proof.meanDifference).toBeLessThan(1e-3);
  const merged = await exportMergedOfRun({
    directory: run,
    output: join(run, "exports", "m.gguf"),
    type: null,
    tools,
    emit,
  });
  expect(merged.proof.conclusive).toBe(true);
  expect(merged.proof.meanDifference).toBeLessThan(0.03);
  const small = await exportMergedOfRun({
    directory: run,
    output: join(run, "exports", "q.gguf"),
    type: "Q8_0",
    tools,
    emit,
  });
  expect(small.bytes).toBeLessThan(merged.bytes);
  expect(small.proof.conclusive).toBe(true);

  const questions = join(folder, "questions.jsonl");
  const line = (i: number) => JSON.stringify({ question: `Thing ${i}?`, good: ["give it"], bad: ["keep it"] });
  writeFileSync(questions, Array.from({ length: 12 }, (_, i) => line(i + 50)).join("\n"));
  const config = evaluationConfig.parse({
    model,
    adapter: adapter.path,
    questions,
    trainingData: data,
    sampling: { maxTokens: 12 },
  });
  await using evaluation = await RunDirectory.create(join(folder, "evaluation"), {
    config,
    schema: evaluationConfig,
    files: [],
  });
  await using weights = await loadModel({ path: model, sequences: 4, threads: 1 });
  const models = { base: await weights.speak(null), aligned: await weights.speak(adapter.path) };
  const result = await runEvaluation({ config, run: evaluation, models, emit });
  expect(result.base.goodShare).toBe(0);
  expect(result.aligned.goodShare).toBeGreaterThan(0.7);

  // A strong training is an export in every type.
  for (const type of quantizationTypes) {
    const output = join(run, "exports", `${type}.gguf`);
    const { proof } = await exportMergedOfRun({ directory: run, output, type, tools, emit });
    expect(proof.conclusive, type).toBe(true);
  }
  // A runtime that leaves the adapter out is found out, and the older export stays.
  const checkpoint = readFileSync(adapter.path);
  const swapped = {
    ...tools,
    openScorer: () => openScorer({ path: model, adapter: null, threads: 1 }),
  };
  const failing = exportAdapterOfRun({ directory: run, output: join(run, "exports", "a.gguf"), tools: swapped, emit });
  await expect(failing).rejects.toMatchObject({ code: "proof-failed" });
  expect(readFileSync(adapter.path).equals(checkpoint)).toBe(true);
});

it("a merge that goes wrong is found out, whatever it does wrong", async () => {
  const folder = await temporaryFolder();
  const [model, data, run] = [join(folder, "m.gguf"), join(folder, "data.json"), join(folder, "run")];
  await writeRandomModel(model, { shape, vocabularySize: 400, encoding: "Q8_0", seed: 6 });
  const rows = Array.from({ length: 24 }, (_, i) => ({
    query: `### Instruction:\nThing ${i}?\n\n### Response:\n`,
    responses: [`give number ${i} to them`, "keep it"],
    scores: [6, 1],
  }));
  writeFileSync(data, JSON.stringify(rows));
  // Not so long that every token is certain, whatever the weights are.
  await train(run, model, data, { epochs: 3 });
  const merge = (type: QuantizationType | null, fault?: Fault) => {
    const mergeAdapter: typeof addon.mergeAdapter = async (request) => {
      const faulty = fault && (await writeFaultyAdapter(request.adapter, join(folder, "faulty.gguf"), fault));
      return addon.mergeAdapter({ ...request, adapter: faulty ?? request.adapter });
    };
    const mergedBy = { ...tools, addon: { quantize: addon.quantize, mergeAdapter } };
    return exportMergedOfRun({ directory: run, output: join(folder, "merged.gguf"), type, tools: mergedBy, emit });
  };
  for (const type of [null, "F16", "Q8_0"] as const) {
    await merge(type);
    for (const [name, fault] of Object.entries(faults))
      await expect(merge(type, fault), `${name}, ${type}`).rejects.toMatchObject({ code: "proof-failed" });
  }
});

it("a run whose rows were all cut is exported: llama.cpp reads them as training cut them", async () => {
  const folder = await temporaryFolder();
  const [model, data, run] = [join(folder, "m.gguf"), join(folder, "data.json"), join(folder, "run")];
  await writeRandomModel(model, { shape, vocabularySize: 400, encoding: "Q8_0", seed: 5 });
  const query = "### Instruction:\nWhat is it?\n\n### Response:\n";
  const responses = ["give it to them ", "keep it to yourself "].map((text) => text.repeat(60));
  writeFileSync(data, JSON.stringify([{ query, responses, scores: [6, 1] }]));
  await train(run, model, data, { maxLength: 64 });
  // As exports do: products of ggml's own, which round activations as llama.cpp does.
  const openTrainer = (path: string) => addon.openTrainer({ model: path, libraries, threads: 1 });
  const job = { directory: run, tools: { ...tools, openTrainer }, emit };
  const adapter = await exportAdapterOfRun({ ...job, output: join(run, "exports", "a.gguf") });
  const merged = await exportMergedOfRun({ ...job, output: join(run, "exports", "m.gguf"), type: "Q8_0" });
  for (const { proof } of [adapter, merged]) {
    expect(proof.tokens).toBe(32);
    expect(proof.meanDifference).toBeLessThan(0.03);
    expect(proof.conclusive).toBe(true);
  }
});

it("a base in several files, named by any of them, is trained and exported as one", async () => {
  const folder = await temporaryFolder();
  const [whole, data] = [join(folder, "m.gguf"), join(folder, "data.json")];
  await writeRandomModel(whole, { shape, vocabularySize: 400, encoding: "Q8_0", seed: 4 });
  const paths = await splitModel(whole, folder);
  const model = paths[1] as string;
  const query = "### Instruction:\nWhat?\n\n### Response:\n";
  writeFileSync(data, JSON.stringify([{ query, responses: ["this", "that"], scores: [6, 1] }]));

  const exported = async (name: string, base: string) => {
    const job = { directory: join(folder, name), tools, emit };
    await train(job.directory, base, data);
    const adapter = await exportAdapterOfRun({ ...job, output: join(folder, `${name}-adapter.gguf`) });
    const merged = await exportMergedOfRun({ ...job, type: null, output: join(folder, `${name}-merged.gguf`) });
    const small = await exportMergedOfRun({ ...job, type: "Q8_0", output: join(folder, `${name}-small.gguf`) });
    return [adapter, merged, small];
  };
  const files = await exported("parts", model);
  const expected = await exported("whole", whole);
  expect(files.map(({ sha256, proof }) => [sha256, proof])).toEqual(
    expected.map(({ sha256, proof }) => [sha256, proof]),
  );
  expect(JSON.parse(readFileSync(`${files[0]?.path}.json`, "utf8")).base).toEqual({
    path: model,
    sha256: await hashModel(paths[0] as string),
  });

  // Never over a file that the export is made from, and never from another base than was trained.
  const again = (output: string) =>
    exportMergedOfRun({ directory: join(folder, "parts"), tools, emit, type: null, output });
  for (const path of paths) await expect(again(path)).rejects.toMatchObject({ code: "bad-input" });
  const third = readFileSync(paths[2] as string);
  third[third.length - 1] = (third.at(-1) ?? 0) ^ 1;
  writeFileSync(paths[2] as string, third);
  await expect(again(join(folder, "other.gguf"))).rejects.toMatchObject({
    code: "run-mismatch",
    message: expect.stringContaining(paths[2] as string),
  });
});
