/** What must hold for any model: sharing and packing change nothing, gradients add up, B = 0 is the base. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NativeTrainer, TokenRow } from "../../../core/alignment/nativeTrainer.ts";
import { loraTargets } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { randomStream } from "../../../core/random.ts";
import {
  addon,
  casePath,
  caseRow,
  compareFiles,
  largestDifference,
  libraries,
  meanNllGradient,
  openTrainer,
  readCase,
  readTensors,
  referenceStep,
} from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { everyArchitecture, writeTinyModel } from "../../support/tinyModels.ts";

const model = casePath("llama", "model.gguf");
const adapter = casePath("llama", "adapter.gguf");

async function openCase(options = {}): Promise<NativeTrainer> {
  const trainer = await openTrainer(model, options);
  await trainer.loadAdapter(adapter);
  return trainer;
}

/** Rows of many lengths: single tokens, empty prefixes, long and short responses. */
function randomRows(count: number, vocabulary = 512): TokenRow[] {
  const stream = randomStream(7, "rows");
  const tokens = (length: number) => Array.from({ length }, () => stream.integer(vocabulary));
  return Array.from({ length: count }, (_, i) => ({
    query: tokens(i === 0 ? 1 : 1 + stream.integer(90)),
    responses: Array.from({ length: 1 + stream.integer(4) }, () => tokens(1 + stream.integer(80))),
  }));
}

/**
 * On a quantized base products are computed in bfloat16: what is the same number in another order may be rounded to
 * another neighbour.
 */
describe.each([
  { base: "F32", within: 1e-5 },
  { base: "Q8_0", within: 2e-3 },
] as const)("on a base in $base", ({ base, within }) => {
  async function open(adapterPath: string | null, options = {}): Promise<NativeTrainer> {
    const path = base === "F32" ? model : join(await temporaryFolder(), "model.gguf");
    if (path !== model) await addon.quantize({ input: model, output: path, type: base, libraries, threads: 1 });
    const trainer = await openTrainer(path, options);
    if (adapterPath !== null) await trainer.loadAdapter(adapterPath);
    return trainer;
  }

  test("with B = 0 the adapter changes nothing, bit for bit", async () => {
    const trainer = await open(null);
    await trainer.newAdapter({ rank: 16, alpha: 32, targets: loraTargets, seed: 3 });
    const rows = randomRows(3);
    const withAdapter = await trainer.forward(rows, { adapter: true, keep: false });
    const base = await trainer.forward(rows, { adapter: false, keep: false });
    expect(withAdapter).toEqual(base);
  });

  test("the adapter is felt when B is not 0", async () => {
    const trainer = await open(adapter);
    const rows = randomRows(2);
    const withAdapter = await trainer.forward(rows, { adapter: true, keep: false });
    const base = await trainer.forward(rows, { adapter: false, keep: false });
    expect(largestDifference(withAdapter.flat(), base.flat())).toBeGreaterThan(0.01);
  });

  test("a shared prompt gives the log-probabilities of separate rows", async () => {
    const trainer = await open(adapter);
    for (const row of randomRows(6)) {
      const [shared = []] = await trainer.forward([row], { adapter: true, keep: false });
      for (const [i, response] of row.responses.entries()) {
        const separate = await trainer.forward([{ query: row.query, responses: [response] }], {
          adapter: true,
          keep: false,
        });
        expect(largestDifference(separate.flat(), [shared[i] ?? []])).toBeLessThan(within);
      }
    }
  });

  test("packed questions give the log-probabilities and gradients of questions one by one", async () => {
    const folder = await temporaryFolder();
    const rows = randomRows(6);
    const packed = await open(adapter);
    const logps = await packed.forward(rows, { adapter: true, keep: true });
    await packed.backward(logps.map(meanNllGradient));
    await packed.saveGradients(join(folder, "packed.gguf"));

    const single = await open(adapter);
    for (const [i, row] of rows.entries()) {
      const [own = []] = await single.forward([row], { adapter: true, keep: true });
      expect(largestDifference(own, logps[i] ?? [])).toBeLessThan(within);
      await single.backward([meanNllGradient(own)]);
    }
    await single.saveGradients(join(folder, "single.gguf"));
    for (const [tensor, error] of await compareFiles(join(folder, "packed.gguf"), join(folder, "single.gguf")))
      expect(error, tensor).toBeLessThan(within);
  });

  test("recomputed activations give the gradients of kept ones", async () => {
    const folder = await temporaryFolder();
    const rows = randomRows(5);
    for (const activations of ["keep", "recompute"] as const) {
      const trainer = await open(adapter, { activations });
      const logps = await trainer.forward(rows, { adapter: true, keep: true });
      await trainer.backward(logps.map(meanNllGradient));
      await trainer.saveGradients(join(folder, `${activations}.gguf`));
    }
    const errors = await compareFiles(join(folder, "recompute.gguf"), join(folder, "keep.gguf"));
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(within / 10);
  });

  test("the number of threads changes no bit", async () => {
    const folder = await temporaryFolder();
    const rows = randomRows(5);
    const results: number[][][][] = [];
    for (const threads of [1, 2]) {
      const trainer = await open(adapter, { threads });
      const logps = await trainer.forward(rows, { adapter: true, keep: true });
      await trainer.backward(logps.map(meanNllGradient));
      await trainer.saveGradients(join(folder, `${threads}.gguf`));
      results.push(logps);
    }
    expect(results[1]).toEqual(results[0]);
    expect(await readFile(join(folder, "2.gguf"))).toEqual(await readFile(join(folder, "1.gguf")));
  });
});

test.each(everyArchitecture)("the gradient is the slope of the loss: %o", async (shape) => {
  const folder = await temporaryFolder();
  const path = join(folder, "tiny.gguf");
  await writeTinyModel(path, { ...shape, seed: 5 });
  const trainer = await openTrainer(path);
  await trainer.newAdapter({ rank: 4, alpha: 8, targets: loraTargets, seed: 9 });
  const rows = randomRows(2, 64);
  const loss = async () => {
    const logps = (await trainer.forward(rows, { adapter: true, keep: false })).flat();
    return logps.reduce((sum, r) => sum - r.reduce((a, b) => a + b, 0) / r.length, 0);
  };
  // One step away from B = 0, where half of the gradients vanish.
  for (let i = 0; i < 2; i++) {
    await trainer.zeroGradients();
    const logps = await trainer.forward(rows, { adapter: true, keep: true });
    await trainer.backward(logps.map(meanNllGradient));
    await trainer.saveGradients(join(folder, "gradients.gguf"));
    if (i === 0) await trainer.step({ ...referenceStep, learningRate: 0.05 });
  }
  // Along the gradient g, the loss must rise by ε·‖g‖: both sides as adapters on disk.
  await trainer.saveAdapter(join(folder, "adapter.gguf"));
  const gradients = await readTensors(join(folder, "gradients.gguf"));
  const norm = Math.sqrt([...gradients.values()].reduce((sum, g) => sum + g.reduce((a, x) => a + x * x, 0), 0));
  const epsilon = 2e-3;
  const values: number[] = [];
  for (const sign of [1, -1]) {
    await shiftAdapter(join(folder, "adapter.gguf"), join(folder, "shifted.gguf"), gradients, (sign * epsilon) / norm);
    await trainer.loadAdapter(join(folder, "shifted.gguf"));
    values.push(await loss());
  }
  const slope = ((values[0] as number) - (values[1] as number)) / (2 * epsilon);
  expect(Math.abs(slope / norm - 1)).toBeLessThan(2e-3);
});

describe("steps", () => {
  test("gradients of two halves add up to those of the whole", async () => {
    const folder = await temporaryFolder();
    const trainer = await openCase();
    const row = caseRow(await readCase("llama"));
    const logps = await trainer.forward([row], { adapter: true, keep: true });
    const half = logps.map((r) => meanNllGradient(r).map((d) => d.map((x) => x / 2)));
    await trainer.backward(half);
    await trainer.backward(half);
    await trainer.saveGradients(join(folder, "halves.gguf"));
    await trainer.zeroGradients();
    await trainer.backward(logps.map(meanNllGradient));
    await trainer.saveGradients(join(folder, "whole.gguf"));
    const errors = await compareFiles(join(folder, "halves.gguf"), join(folder, "whole.gguf"));
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(1e-6);
  });

  test("eight questions at a scale of 1/8 step as their average, clipped to the norm that was asked for", async () => {
    const folder = await temporaryFolder();
    const row = caseRow(await readCase("llama"));
    for (const [name, count] of [
      ["one", 1],
      ["eight", 8],
    ] as const) {
      const trainer = await openCase();
      for (let i = 0; i < count; i++) {
        const logps = await trainer.forward([row], { adapter: true, keep: true });
        await trainer.backward(logps.map(meanNllGradient));
      }
      const { gradNorm, step } = await trainer.step({ ...referenceStep, gradientScale: 1 / count, clipNorm: 0.5 });
      expect(gradNorm).toBeGreaterThan(0.5);
      expect(step).toBe(1);
      await trainer.saveAdapter(join(folder, `${name}.gguf`));
      await trainer.saveState(join(folder, `${name}.state`));
    }
    // After one step m = (1 − β₁)·g, so the first moments carry the clipped norm.
    const moments = await readTensors(join(folder, "eight.state"));
    const squares = [...moments]
      .filter(([name]) => name.endsWith(".m"))
      .map(([, m]) => m.reduce((a, x) => a + x * x, 0));
    expect(Math.sqrt(squares.reduce((a, b) => a + b, 0)) / 0.1).toBeCloseTo(0.5, 4);
    const errors = await compareFiles(join(folder, "eight.state"), join(folder, "one.state"));
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(1e-5);
  });

  test("state that was saved and loaded goes on bit for bit", async () => {
    const folder = await temporaryFolder();
    const row = caseRow(await readCase("llama"));
    const train = async (trainer: NativeTrainer, steps: number) => {
      for (let i = 0; i < steps; i++) {
        await trainer.zeroGradients();
        const logps = await trainer.forward([row], { adapter: true, keep: true });
        await trainer.backward(logps.map(meanNllGradient));
        await trainer.step(referenceStep);
      }
    };
    const whole = await openCase();
    await train(whole, 6);
    await whole.saveAdapter(join(folder, "whole.gguf"));
    const first = await openCase();
    await train(first, 3);
    await first.saveAdapter(join(folder, "middle.gguf"));
    await first.saveState(join(folder, "middle.state"));
    const second = await openTrainer(model);
    await second.loadAdapter(join(folder, "middle.gguf"));
    await second.loadState(join(folder, "middle.state"));
    await train(second, 3);
    await second.saveAdapter(join(folder, "resumed.gguf"));
    expect(await readFile(join(folder, "resumed.gguf"))).toEqual(await readFile(join(folder, "whole.gguf")));
  });
});

async function shiftAdapter(from: string, to: string, by: Map<string, Float32Array>, factor: number): Promise<void> {
  const header = await readGgufHeader(from);
  const bytes = await readFile(from);
  for (const { name, offset } of header.tensors)
    by.get(name)?.forEach((gradient, i) => {
      const at = header.dataStart + offset + 4 * i;
      bytes.writeFloatLE(bytes.readFloatLE(at) + factor * gradient, at);
    });
  await writeFile(to, bytes);
}
