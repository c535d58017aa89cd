/** Quantized bases train as their de-quantized weights do; merged files say what the hot adapter says. */
import { existsSync } from "node:fs";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import {
  addon,
  casePath,
  caseRow,
  compareFiles,
  cosine,
  largestDifference,
  libraries,
  meanNllGradient,
  openTrainer,
  readCase,
} from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const model = casePath("llama-wide", "model.gguf");
const adapter = casePath("llama-wide", "adapter.gguf");

async function gradientsOn(path: string, output: string): Promise<void> {
  const trainer = await openTrainer(path);
  await trainer.loadAdapter(adapter);
  const logps = await trainer.forward([caseRow(await readCase("llama-wide"))], { adapter: true, keep: true });
  await trainer.backward(logps.map(meanNllGradient));
  await trainer.saveGradients(output);
}

describe.each([
  { type: "F16", stored: "F16", least: 0.99999 },
  { type: "BF16", stored: "BF16", least: 0.999 },
  { type: "Q8_0", stored: "Q8_0", least: 0.999 },
  { type: "Q6_K", stored: "Q6_K", least: 0.999 },
  { type: "Q5_K_M", stored: "Q5_K", least: 0.999 },
  { type: "Q4_K_M", stored: "Q4_K", least: 0.999 },
  { type: "Q4_0", stored: "Q4_0", least: 0.999 },
  { type: "IQ4_XS", stored: "IQ4_XS", least: 0.999 },
] as const)("a $type base", ({ type, stored, least }) => {
  test("has the gradients of its de-quantized weights", async () => {
    const folder = await temporaryFolder();
    const [quantized, plain] = [join(folder, "quantized.gguf"), join(folder, "plain.gguf")];
    await addon.quantize({ input: model, output: quantized, type, libraries, threads: 1 });
    await addon.quantize({ input: quantized, output: plain, type: "F32", libraries, threads: 1 });
    const types = (await readGgufHeader(quantized)).tensors.map((tensor) => tensor.type);
    expect(types).toContain(stored);
    expect(types.filter((t) => t !== "F32").length).toBeGreaterThanOrEqual(9);
    await gradientsOn(quantized, join(folder, "a.gguf"));
    await gradientsOn(plain, join(folder, "b.gguf"));
    for (const [tensor, similarity] of await compareFiles(join(folder, "a.gguf"), join(folder, "b.gguf"), cosine))
      expect(similarity, tensor).toBeGreaterThan(least);
  });
});

describe("merge", () => {
  test.each([
    { type: "F32", tolerance: 1e-5 },
    // The hot base rounds its activations to 8 bits, the merged F16 file does not.
    { type: "Q8_0", tolerance: 0.1 },
  ] as const)("a merged $type file gives the hot adapter's log-probabilities", async ({ type, tolerance }) => {
    const folder = await temporaryFolder();
    const [base, merged] = [join(folder, "base.gguf"), join(folder, "merged.gguf")];
    await addon.quantize({ input: model, output: base, type, libraries, threads: 1 });
    await addon.mergeAdapter({ model: base, adapter, output: merged, libraries, threads: 1 });
    const row = caseRow(await readCase("llama-wide"));
    const hot = await openTrainer(base);
    await hot.loadAdapter(adapter);
    const expected = await hot.forward([row], { adapter: true, keep: false });
    const cold = await openTrainer(merged);
    const actual = await cold.forward([row], { adapter: false, keep: false });
    expect(largestDifference(actual.flat(), expected.flat())).toBeLessThan(tolerance);
    const types = new Map((await readGgufHeader(merged)).tensors.map((t) => [t.name, t.type]));
    expect(types.get("blk.0.attn_q.weight")).toBe(type === "F32" ? "F32" : "F16");
    expect(types.get("token_embd.weight")).toBe(type);
  });

  test("an adapter of another model, a full or missing folder: coded, and nothing is left behind", async () => {
    const folder = await temporaryFolder();
    const output = join(folder, "merged.gguf");
    const other = casePath("llama", "adapter.gguf");
    await expect(addon.mergeAdapter({ model, adapter: other, output, libraries })).rejects.toMatchObject({
      code: "adapter-mismatch",
    });
    await expect(addon.mergeAdapter({ model, adapter: model, output, libraries })).rejects.toMatchObject({
      code: "adapter-mismatch",
    });
    const missing = join(folder, "missing", "merged.gguf");
    await expect(addon.mergeAdapter({ model, adapter, output: missing, libraries })).rejects.toMatchObject({
      code: "read-only",
    });
    await expect(addon.quantize({ input: join(folder, "x"), output, type: "Q8_0", libraries })).rejects.toMatchObject({
      code: "model-not-found",
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test.runIf(existsSync("/dev/full"))("a full disk is disk-full and leaves the old file", async () => {
    const folder = await temporaryFolder();
    const output = join(folder, "merged.gguf");
    await writeFile(output, "old");
    await symlink("/dev/full", `${output}.partial`);
    await expect(addon.mergeAdapter({ model, adapter, output, libraries })).rejects.toMatchObject({
      code: "disk-full",
    });
    const trainer = await openTrainer(model);
    await trainer.loadAdapter(adapter);
    await symlink("/dev/full", `${output}.partial`);
    await expect(trainer.saveAdapter(output)).rejects.toMatchObject({ code: "disk-full" });
    expect(await readFile(output, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["merged.gguf"]);
  });
});
