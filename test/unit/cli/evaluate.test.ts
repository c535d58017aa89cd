/** `folkmoot evaluate`: which model and which adapter it asks. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { errorExitCodes } from "../../../core/contract/errors.ts";
import { saveCheckpoint } from "../../../core/workspace/checkpoint.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { fakeHost } from "./fakeHost.ts";
import { finishes, run } from "./runLine.ts";

it("evaluate takes model and adapter from a run, its last, its best or another checkpoint", async () => {
  const folder = await temporaryFolder();
  const model = join(folder, "model.gguf");
  await writeFile(model, "GGUF");
  const config = alignConfig.parse({ model, data: model });
  const trained = await RunDirectory.create(join(folder, "align"), { config, schema: alignConfig, files: [model] });
  // The held-out rows liked step 5 better than the base.
  const evaluations = [2, 1].map((loss, i) => ({ step: 5 * i, loss, accuracy: null }));
  const save = (into: string, step: number, keep: number) =>
    saveCheckpoint(
      into,
      {
        step,
        files: { "adapter.gguf": (path) => writeFile(path, `${step}`) },
        state: { fingerprint: "f", step, position: step, seed: 1, evaluations },
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
  expect(host.err()).not.toContain("damaged");
  await writeFile(join(trained.checkpoints, "step-00000030", "adapter.gguf"), "3");
  await evaluate("");
  expect(host.err()).toMatch(/The checkpoint of step 30 in .* is damaged/);
  const [, older] = host.inputs.at(-1) as [string, { config: { adapter: string } }];
  expect(await readFile(older.config.adapter, "utf8")).toBe("20");
  const asked = host.inputs.length;
  expect(await evaluate("--checkpoint 30")).toBe(errorExitCodes["run-not-found"]);
  expect(host.err()).toContain("The checkpoint of step 30 of the run");
  expect(await evaluate("--checkpoint 7")).toBe(errorExitCodes["run-not-found"]);
  expect(await evaluate("--adapter a.gguf")).toBe(2);
  expect(host.inputs).toHaveLength(asked);
});
