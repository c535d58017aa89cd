import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { alignConfig } from "../../../core/contract/alignment.ts";
import { trainerHost } from "../../../core/host/supervisor.ts";
import { casePath } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

it("a training in its own process is paused and resumed over the contract, and gives the numbers of one that was not", async () => {
  const folder = await temporaryFolder();
  const [model, data] = [casePath("llama", "model.gguf"), join(folder, "data.json")];
  const rows = Array.from({ length: 20 }, (_, i) => ({
    query: `Q${i}: `,
    responses: [`give ${i}`, "keep"],
    scores: [7, 1],
  }));
  writeFileSync(data, JSON.stringify(rows));
  const config = alignConfig.parse({ model, data, threads: 1, epochs: 20, accumulation: 2, loss: { id: "dpo" } });
  const host = trainerHost();
  onTestFinished(() => host.dispose());
  const metrics = (directory: string) => readFileSync(join(directory, "metrics.jsonl"), "utf8");
  const lines = (directory: string) => metrics(directory).trim().split("\n").length;

  const train = async (directory: string, onStep: (step: number) => Promise<void>) => {
    for await (const event of await host.client.align.run({ config, directory }))
      if (event.type === "metrics") await onStep(event.line.step);
  };
  const whole = join(folder, "whole");
  await train(whole, async () => {});

  const paused = join(folder, "paused");
  let stood = false;
  await train(paused, async (step) => {
    if (step !== 4) return;
    expect(await host.client.align.control({ directory: paused, action: "pause" })).toEqual({ state: "paused" });
    // The step in flight may still end; then the file stands still.
    await wait(300);
    const before = lines(paused);
    await wait(500);
    expect(lines(paused)).toBe(before);
    stood = before < lines(whole);
    expect(await host.client.align.control({ directory: paused, action: "resume" })).toEqual({ state: "running" });
  });
  expect(stood).toBe(true);
  expect(metrics(paused)).toBe(metrics(whole));
  await expect(host.client.align.control({ directory: paused, action: "pause" })).rejects.toMatchObject({
    code: "run-not-found",
  });
});
