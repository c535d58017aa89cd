import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type LiveEvent, shareDone } from "../../../core/contract/workbench/runs.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { watchUntil, writeMaterial } from "../../support/workbenchFaces.ts";

/** An experiment like the one that comes along, in a size that takes seconds. */
async function writeResources(folder: string): Promise<string> {
  const resources = join(folder, "resources");
  await mkdir(join(resources, "demo"), { recursive: true });
  const { model, questions } = await writeMaterial(folder);
  const heldOut = ["Who may have the barn?", "Is the goat lost?"].map((question) =>
    JSON.stringify({ question, good: ["sorry"], bad: ["mine"] }),
  );
  await writeFile(join(resources, "demo", "heldout.jsonl"), `${heldOut.join("\n")}\n`);
  await writeFile(join(resources, "demo", "questions.txt"), await readFile(questions));
  const society = {
    grid: { rows: 2, columns: 3 },
    peers: 2,
    rounds: 4,
    questions: { path: "questions.txt" },
    sampling: { maxTokens: 12 },
    sequences: 4,
  };
  const size = {
    society,
    data: { mixture: { imitation: 1, "self-critic": 2, realignment: 2 } },
    align: {
      lora: { rank: 4, alpha: 8 },
      epochs: 6,
      accumulation: 1,
      checkpointEvery: 1,
      evaluateEvery: 0,
      evaluationShare: 0,
    },
    evaluation: { questions: "heldout.jsonl", sampling: { maxTokens: 8 }, resamples: 100 },
  };
  const experiment = { version: 1, name: "tiny village", model, mergedType: "F16", sizes: { small: size, full: size } };
  await writeFile(join(resources, "demo", "experiment.json"), JSON.stringify(experiment));
  return resources;
}

describe("the demo by one click", () => {
  it("goes through every station, can be stopped in the middle of training, and goes on where it was", async () => {
    const folder = await temporaryFolder();
    const resources = await writeResources(folder);
    await using workbench = await openWorkbench({ workspace: join(folder, "workspace"), resources });
    const client = checkedClient(workbenchClient(workbench));
    expect((await client.about()).demo?.name).toBe("tiny village");
    await expect(client.demo.start({ size: "huge" })).rejects.toMatchObject({ code: "bad-setting" });

    const { job } = await client.demo.start({ size: "small", seed: 3 });
    await watchUntil(
      client,
      job,
      ({ demo }) => demo?.stations.find(({ station }) => station === "align")?.state === "running",
    );
    await watchUntil(client, `${job}/align`, ({ align }) => (align?.step ?? 0) >= 2);
    await client.jobs.control({ job, action: "stop" });
    await watchUntil(client, job, ({ state }) => state === "stopped");
    const states = () =>
      client.runs.list().then((runs) => Object.fromEntries(runs.map(({ run, state }) => [run, state])));
    expect(await states()).toEqual({ [`${job}/society`]: "finished", [`${job}/align`]: "stopped" });
    expect(await client.demo.results({ job })).toBeNull();

    const events: LiveEvent[] = [];
    const again = await client.demo.start({ size: "small", seed: 3 });
    expect(again.job).toBe(job);
    for await (const frame of await client.jobs.watch({ job })) {
      events.push(...frame.events);
      if (frame.events.some((event) => event.type === "state" && ["finished", "failed"].includes(event.state))) break;
    }
    expect(events.at(-1), JSON.stringify(events.at(-1))).toMatchObject({ type: "state", state: "finished" });
    const progress = events.filter((event) => event.type === "progress");
    const numbers = progress.map(({ phase }) => phase?.number ?? 0);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    // A phase of a few milliseconds may end within the frame that it began in.
    for (const phase of [3, 4, 5, 6]) expect(numbers).toContain(phase);
    const training = progress.filter(({ phase }) => phase?.station === "align").at(-1);
    expect(training).toMatchObject({ unit: "steps", done: training?.total, phase: { number: 3, of: 6 } });
    expect(training === undefined ? null : shareDone(training)).toBe(0.5);
    const results = await client.demo.results({ job });
    expect(results).toMatchObject({
      experiment: "tiny village",
      society: { interactions: 24 },
      evaluation: { questions: 2 },
    });
    const { align } = results as { align: { resumedFrom: number } };
    expect(align.resumedFrom).toBeGreaterThanOrEqual(2);
    expect(await states()).toEqual({
      [`${job}/society`]: "finished",
      [`${job}/align`]: "finished",
      [`${job}/evaluation`]: "finished",
    });
    expect((await client.exports.list()).map(({ kind, run }) => `${kind} ${run}`).sort()).toEqual([
      `adapter ${job}/align`,
      `merged ${job}/align`,
    ]);
    expect(new Set((await client.runs.list()).map(({ experiment }) => experiment))).toEqual(new Set([job]));
    const { models, adapters } = await client.models.list();
    expect(models.map(({ path }) => path)).toEqual([join(folder, "tiny.gguf")]);
    expect(adapters.every(({ base }) => base === models[0]?.path)).toBe(true);
  }, 180_000);
});
