import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { planDemo } from "../../../cli/demo/plan.ts";
import { planExperiment } from "../../../core/experiment/planExperiment.ts";
import { readExperiment } from "../../../core/experiment/readExperiment.ts";
import { resourcesFolder } from "../../../core/workbench/resources.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const own = join(resourcesFolder() ?? "", "demo", "experiment.json");
const choice = { size: "small", seed: 7, data: "/elsewhere/rows.jsonl" };

async function changed(change: (file: { sizes: Record<string, Record<string, object>> }) => void): Promise<string> {
  const folder = await temporaryFolder();
  const { file } = await readExperiment(own);
  const copy = structuredClone(file);
  change(copy as never);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "experiment.json"), JSON.stringify(copy));
  return join(folder, "experiment.json");
}

describe("an experiment", () => {
  it("has its files beside it, and its seed, model and data in every station", async () => {
    const experiment = await readExperiment(own);
    const plan = planExperiment(experiment, choice);
    const beside = (name: string) => join(own, "..", name);
    expect(plan.society.questions.path).toBe(beside("questions.txt"));
    expect(plan.society.priorMemory.path).toBe(beside("prior.jsonl"));
    expect(plan.evaluation.questions).toBe(beside("heldout.jsonl"));
    expect([plan.society.populations[0]?.model, plan.align.model, plan.evaluation.model]).toEqual(
      Array(3).fill(experiment.model),
    );
    expect([plan.society.seed, plan.data.seed, plan.align.seed, plan.evaluation.seed]).toEqual([7, 7, 7, 7]);
    expect([plan.align.data, plan.evaluation.trainingData]).toEqual([choice.data, choice.data]);
  });

  it("is the same from the terminal and from the window, but for where the rows lie", async () => {
    const { paths, ...terminal } = await planDemo(own, "/folder", "small", 7);
    const window = planExperiment(await readExperiment(own), choice);
    const { align, evaluation } = window;
    expect(terminal).toEqual({
      ...window,
      align: { ...align, data: paths.data },
      evaluation: { ...evaluation, trainingData: paths.data },
    });
  });

  it("names the setting of the file that cannot be used, and a size that is not there", async () => {
    const path = await changed(({ sizes }) => {
      sizes.small = { ...sizes.small, society: { ...sizes.small?.society, rounds: 0 } };
    });
    const experiment = await readExperiment(path);
    const plan = (size: string) => () => planExperiment(experiment, { ...choice, size });
    expect(plan("small")).toThrow(
      expect.objectContaining({ code: "data-corrupt", reason: expect.stringMatching(/society\.rounds/) }),
    );
    expect(plan("full")).not.toThrow();
    expect(plan("huge")).toThrow(expect.objectContaining({ code: "bad-setting", details: { setting: "size" } }));
    await expect(readExperiment(join(path, "none.json"))).rejects.toMatchObject({ code: "data-not-found" });
    const broken = await changed((file) => Object.assign(file, { mergedType: "Q3" }));
    await expect(readExperiment(broken)).rejects.toMatchObject({
      code: "data-corrupt",
      reason: expect.stringMatching(/mergedType/),
    });
  });
});
