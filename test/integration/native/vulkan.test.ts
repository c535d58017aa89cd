/** The GPU path against PyTorch, computed by Vulkan on Mesa's llvmpipe, in F32: what is left is the graph itself. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { gradcheckCase } from "../../support/gpuCases.ts";
import { casePath, caseRow, compareFiles, openTrainer, readCase } from "../../support/nativeCases.ts";
import { referenceCases } from "../../support/referenceCases.ts";
import { prepareSoftwareVulkan, softwareVulkanEnvironment } from "../../support/softwareVulkan.ts";
import { splitModel } from "../../support/splitModel.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const { missing, options } = await prepareSoftwareVulkan({ half: false });

describe.skipIf(missing !== null)("the trainer on Vulkan", () => {
  const within = { logps: 2e-5, gradients: 2e-5 };

  test.each(referenceCases)("$name equals PyTorch", ({ name }) =>
    gradcheckCase(name, "paper-mean", { ...options, activations: "recompute" }, within),
  );

  test.each(["llama", "qwen3"])("%s with kept activations equals PyTorch", (name) =>
    gradcheckCase(name, "paper-mean", { ...options, activations: "keep" }, within),
  );

  test("a model in several files, the first without tensors, is the model in one", async () => {
    const model = casePath("llama", "model.gguf");
    const [, part = ""] = await splitModel(model, await temporaryFolder(), { sizes: [0, 9] });
    const row = caseRow(await readCase("llama"));
    const logps = async (path: string) =>
      (await openTrainer(path, options)).forward([row], { adapter: false, keep: false });
    expect(await logps(part)).toEqual(await logps(model));
  });

  test("a GPU without the memory says so, and the trainer goes on", async () => {
    const trainer = await openTrainer(casePath("llama", "model.gguf"), options);
    expect(trainer.info.device).toMatch(/^Vulkan0: llvmpipe/);
    const query = Array.from({ length: 60_000 }, () => 1);
    const tooLong = trainer.forward([{ query, responses: [[1]] }], { adapter: false, keep: false });
    await expect(tooLong).rejects.toMatchObject({ code: "gpu-out-of-memory" });
    const [logps] = await trainer.forward([{ query: [1], responses: [[2]] }], { adapter: false, keep: false });
    expect(logps?.[0]?.[0]).toBeLessThan(0);
  });

  test("folkmoot gradcheck --gpu vulkan gives the gradients that the processor gives, exactly where a driver is software", async () => {
    const gradients = join(await temporaryFolder(), "gradients.gguf");
    const file = (name: string) => casePath("llama", name);
    const flags = ["--model", file("model.gguf"), "--adapter", file("adapter.gguf"), "--case", file("case.json")];
    const main = join(import.meta.dirname, "..", "..", "..", "cli", "main.ts");
    const command = [main, "gradcheck", ...flags, "--gpu", "vulkan", "--grads", gradients, "--json"];
    const { GGML_VK_DISABLE_F16: _, ...env } = { ...process.env, ...softwareVulkanEnvironment() };
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    expect(JSON.parse(stdout).loss).toBeCloseTo((await readCase("llama")).modes["paper-sum"].loss, 4);
    expect((await readFile(gradients)).length).toBeGreaterThan(0);
    for (const [tensor, error] of await compareFiles(gradients, file("grads-paper-sum.gguf")))
      expect(error, tensor).toBeLessThan(within.gradients);
  });
});
