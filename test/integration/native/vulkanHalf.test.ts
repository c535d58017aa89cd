/** The GPU path as most cards compute it, products rounded to half precision: on Vulkan over Mesa's llvmpipe. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { gradcheckCase } from "../../support/gpuCases.ts";
import { caseRow, compareFiles, openCase, readCase, relativeError } from "../../support/nativeCases.ts";
import { prepareSoftwareVulkan } from "../../support/softwareVulkan.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const { missing, options } = await prepareSoftwareVulkan({ half: true });

/** One of each kind of block; the exact test has them all. What is allowed is what rounding to 11 bits leaves. */
const kinds = ["llama", "llama-tied", "qwen3", "gemma2", "phi3-long", "granite", "olmo2"];
const within = { logps: 1e-2, gradients: 1e-2 };

describe.skipIf(missing !== null)("the trainer on Vulkan in half precision", () => {
  test.each(kinds)("%s is near PyTorch", (name) => gradcheckCase(name, "paper-mean", options, within));

  test("a gradient too small for half precision is not lost, and what was there before stays", async () => {
    const rows = [caseRow(await readCase("llama"))];
    const trainer = await openCase("llama", options);
    const folder = await temporaryFolder();
    const backward = async (coefficient: number) => {
      const logps = await trainer.forward(rows, { adapter: true, keep: true });
      await trainer.backward(logps.map((row) => row.map((response) => response.map(() => coefficient))));
    };
    const gradientsOf = async (name: string) => {
      await trainer.saveGradients(join(folder, name));
      return join(folder, name);
    };
    await backward(1);
    const once = await gradientsOf("once.gguf");
    await backward(1e-12);
    const errors = await compareFiles(await gradientsOf("more.gguf"), once);
    for (const [tensor, error] of errors) expect(error, tensor).toBeLessThan(1e-6);

    await trainer.zeroGradients();
    await backward(1e-12);
    const scaled = (a: Float32Array, b: Float32Array) =>
      relativeError(
        a.map((value) => value * 1e12),
        b,
      );
    for (const [tensor, error] of await compareFiles(await gradientsOf("tiny.gguf"), once, scaled))
      expect(error, tensor).toBeLessThan(5e-3);
  });
});
