/** Training the weights themselves: the gradient is the slope, the saved model says what the trainer said. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import {
  addon,
  casePath,
  caseRow,
  libraries,
  meanNllGradient,
  openTrainer,
  readCase,
  readTensors,
  referenceStep,
} from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const sumOfMeanNll = (logps: readonly (readonly number[])[]) =>
  logps.reduce((sum, r) => sum - r.reduce((a, b) => a + b, 0) / r.length, 0);

test("the gradient of the weights is the slope of the loss", async () => {
  const folder = await temporaryFolder();
  const model = casePath("llama-wide", "model.gguf");
  const row = caseRow(await readCase("llama-wide"));
  const trainer = await openTrainer(model);
  await trainer.trainBase();
  const [logps = []] = await trainer.forward([row], { adapter: false, keep: true });
  await trainer.backward([meanNllGradient(logps)]);
  await trainer.saveGradients(join(folder, "gradients.gguf"));

  const gradients = await readTensors(join(folder, "gradients.gguf"));
  const linears = [...gradients].filter(([name]) => /attn_|ffn_/.test(name) && !name.includes("norm"));
  const norm = Math.sqrt(linears.reduce((sum, [, g]) => sum + g.reduce((a, x) => a + x * x, 0), 0));
  const header = await readGgufHeader(model);
  const losses: number[] = [];
  for (const sign of [1, -1]) {
    const bytes = await readFile(model);
    for (const { name, offset } of header.tensors)
      new Map(linears).get(name)?.forEach((gradient, i) => {
        const at = header.dataStart + offset + 4 * i;
        bytes.writeFloatLE(bytes.readFloatLE(at) + (sign * 2e-3 * gradient) / norm, at);
      });
    await writeFile(join(folder, "shifted.gguf"), bytes);
    const shifted = await openTrainer(join(folder, "shifted.gguf"));
    losses.push(sumOfMeanNll((await shifted.forward([row], { adapter: false, keep: false })).flat()));
  }
  const slope = ((losses[0] as number) - (losses[1] as number)) / 4e-3;
  expect(Math.abs(slope / norm - 1)).toBeLessThan(2e-3);
});

test("the loss falls, and the saved model gives the trained log-probabilities bit for bit", async () => {
  const folder = await temporaryFolder();
  const row = caseRow(await readCase("llama"));
  const trainer = await openTrainer(casePath("llama", "model.gguf"));
  await trainer.trainBase();
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    await trainer.zeroGradients();
    const logps = await trainer.forward([row], { adapter: false, keep: true });
    losses.push(sumOfMeanNll(logps.flat()));
    await trainer.backward(logps.map(meanNllGradient));
    await trainer.step(referenceStep);
  }
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  const expected = await trainer.forward([row], { adapter: false, keep: false });
  await trainer.saveModel(join(folder, "trained.gguf"));
  const saved = await openTrainer(join(folder, "trained.gguf"));
  expect(await saved.forward([row], { adapter: false, keep: false })).toEqual(expected);
  // An adapter again: the base is the file's once more.
  await trainer.newAdapter({ rank: 2, alpha: 2, targets: ["attn_q"], seed: 1 });
  const base = await openTrainer(casePath("llama", "model.gguf"));
  expect(await trainer.forward([row], { adapter: true, keep: false })).toEqual(
    await base.forward([row], { adapter: false, keep: false }),
  );
});

test("a quantized base is refused", async () => {
  const path = join(await temporaryFolder(), "quantized.gguf");
  await addon.quantize({ input: casePath("llama-wide", "model.gguf"), output: path, type: "Q8_0", libraries });
  const trainer = await openTrainer(path);
  await expect(trainer.trainBase()).rejects.toMatchObject({ code: "model-unsupported" });
});
