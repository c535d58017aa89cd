import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeAlignmentCheckpoint, writeBestCheckpoint } from "../../../core/alignment/alignmentCheckpoint.ts";
import type { NativeTrainer } from "../../../core/alignment/nativeTrainer.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import type { HostFactories } from "../../../core/workbench/device.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const noHosts: HostFactories = {
  engine: () => {
    throw new Error("The engine was started for nothing.");
  },
  trainer: () => {
    throw new Error("The trainer was started for nothing.");
  },
};

const curve = [
  { step: 0, loss: 0.9, accuracy: 0.5 },
  { step: 2, loss: 0.3, accuracy: 0.8 },
  { step: 4, loss: 0.5, accuracy: 0.7 },
];

/** A training of 4 steps with checkpoints of `steps` and, where `best` is given, the best one beside them. */
async function putAlignment(workspace: string, steps: readonly number[], best: number | null, points = curve) {
  const [model, data] = [join(workspace, "model.gguf"), join(workspace, "data.json")];
  await mkdir(join(workspace, "runs"), { recursive: true });
  for (const file of [model, data]) await writeFile(file, "");
  const config = alignConfig.parse({ model, data });
  const directory = join(workspace, "runs", "align-1");
  await using run = await RunDirectory.create(directory, { config, schema: alignConfig, files: [model, data] });
  const write = (path: string) => writeFile(path, "weights");
  const trainer = { saveAdapter: write, saveState: write } as unknown as NativeTrainer;
  const stateAt = (step: number) => {
    const evaluations = points.filter((point) => point.step <= step);
    return { fingerprint: "f", step, position: step * 8, seed: 1, evaluations };
  };
  for (const step of steps) await writeAlignmentCheckpoint(run.checkpoints, trainer, stateAt(step));
  if (best !== null) await writeBestCheckpoint(run.path, trainer, stateAt(best));
}

async function service(workspace: string) {
  const workbench = await openWorkbench({ workspace, hosts: noHosts, resources: null });
  return { client: checkedClient(workbenchClient(workbench)), [Symbol.asyncDispose]: () => workbench.close() };
}

describe("the checkpoints of a training", () => {
  it("say which is best and what it lost on held-out rows, also when the newest have pushed it out", async () => {
    const folder = await temporaryFolder();
    await putAlignment(folder, [3, 4], 2);
    await using opened = await service(folder);
    const found = await opened.client.align.checkpoints({ run: "align-1" });
    expect(found.map(({ step, evaluationLoss, best }) => [step, evaluationLoss, best])).toEqual([
      [4, 0.5, false],
      [3, null, false],
      [2, 0.3, true],
    ]);
    const { adapters } = await opened.client.models.list();
    expect(adapters.map(({ step, path }) => [step, path])).toEqual([
      [4, found[0]?.adapter],
      [2, found[2]?.adapter],
    ]);
  });

  it("are listed once where the best is one of the newest", async () => {
    const folder = await temporaryFolder();
    await putAlignment(folder, [2, 4], 2);
    await using opened = await service(folder);
    const found = await opened.client.align.checkpoints({ run: "align-1" });
    expect(found.map(({ step, best }) => [step, best])).toEqual([
      [4, false],
      [2, true],
    ]);
  });

  it("none of them is called best where none was better than the base, and its export says so", async () => {
    const folder = await temporaryFolder();
    const worse = curve.map((point) => (point.step === 0 ? { ...point, loss: 0.2 } : point));
    await putAlignment(folder, [2, 4], 2, worse);
    await using opened = await service(folder);
    const found = await opened.client.align.checkpoints({ run: "align-1" });
    expect(found.map(({ step, best }) => [step, best])).toEqual([
      [4, false],
      [2, false],
    ]);
    const request = { kind: "adapter", run: "align-1", checkpoint: "best" } as const;
    await expect(opened.client.exports.start(request)).rejects.toMatchObject({
      code: "run-not-found",
      message: expect.stringContaining("better than the base"),
    });
  });

  it("refuse the export of a best one that is not there, before any process is started", async () => {
    const folder = await temporaryFolder();
    await putAlignment(folder, [4], null);
    await using opened = await service(folder);
    const request = { kind: "adapter", run: "align-1", checkpoint: "best" } as const;
    await expect(opened.client.exports.start(request)).rejects.toMatchObject({
      code: "run-not-found",
      details: { setting: "checkpoint" },
    });
  });
});
