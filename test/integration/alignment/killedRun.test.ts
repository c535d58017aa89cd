import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { latestAlignmentCheckpoint } from "../../../core/alignment/alignmentCheckpoint.ts";
import type { AlignmentResult } from "../../../core/alignment/runAlignment.ts";
import { writeRandomModel } from "../../../scripts/models/randomModel.ts";
import { startChild } from "../../support/childScript.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const shape = { layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 128, contextLength: 256, tied: false };

async function filesOf(directory: string) {
  const checkpoint = await latestAlignmentCheckpoint(join(directory, "checkpoints"));
  if (checkpoint === undefined) throw new Error("no checkpoint");
  const names = ["adapter.gguf", "optimizer.bin", "state.json"];
  return {
    step: checkpoint.step,
    checkpoint: names.map((name) => readFileSync(checkpoint.file(name), "hex")),
    metrics: readFileSync(join(directory, "metrics.jsonl"), "utf8"),
  };
}

it("a native training run killed twice and resumed equals the uninterrupted one, bit for bit, and learns", async () => {
  const folder = await temporaryFolder();
  const model = join(folder, "model.gguf");
  const data = join(folder, "data.json");
  await writeRandomModel(model, { shape, vocabularySize: 400, encoding: "Q8_0", seed: 3 });
  const rows = Array.from({ length: 30 }, (_, i) => ({
    query: `Q${i}: `,
    responses: [`give ${i}`, "keep it", `hide ${i % 4}`].slice(0, 1 + (i % 3)),
    scores: [6, 1, 3].slice(0, 1 + (i % 3)),
  }));
  writeFileSync(data, JSON.stringify(rows));
  const train = (directory: string, die = "never") => startChild("alignChild.ts", [model, data, directory, die]);
  const finish = async (directory: string): Promise<AlignmentResult> =>
    JSON.parse(await train(directory).line((line) => line.startsWith("{")));

  const whole = join(folder, "whole");
  const { steps, loss } = await finish(whole);
  expect(loss.last).toBeLessThan(loss.first * 0.7);

  const killed = join(folder, "killed");
  for (const step of [5, 12]) {
    const { process: child } = train(killed, String(step));
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
    const metrics = readFileSync(join(killed, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(metrics).toHaveLength(step);
  }
  expect((await finish(killed)).resumedFrom).toBe(7);
  expect(await filesOf(killed)).toEqual(await filesOf(whole));
  expect((await filesOf(whole)).step).toBe(steps);
});
