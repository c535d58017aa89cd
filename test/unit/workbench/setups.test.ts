/** What the forms are told before anything starts: derived settings, complaints, the memory of a training. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryKey, rememberMemory } from "../../../core/alignment/memory/history.ts";
import { trainingShape } from "../../../core/alignment/memory/shape.ts";
import { alignConfig } from "../../../core/contract/alignment.ts";
import type { GpuFacts } from "../../../core/contract/device.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { openWorkbench } from "../../../core/workbench/openWorkbench.ts";
import { workbenchClient } from "../../../core/workbench/router/router.ts";
import { hashFile } from "../../../core/workspace/hash.ts";
import { cardsOnly } from "../../support/cardsOnly.ts";
import { checkedClient } from "../../support/checkedContract.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeMaterial } from "../../support/workbenchFaces.ts";

async function setup(...gpus: GpuFacts[]) {
  const folder = await temporaryFolder();
  const workspace = join(folder, "workspace");
  const workbench = await openWorkbench({ workspace, hosts: cardsOnly(...gpus), resources: null });
  return {
    folder,
    workspace,
    material: await writeMaterial(folder),
    client: checkedClient(workbenchClient(workbench)),
    [Symbol.asyncDispose]: () => workbench.close(),
  };
}

describe("an alignment before it starts", () => {
  it("gets from the dial what fits model and loss, with a reason for each", async () => {
    await using opened = await setup();
    const { client, material } = opened;
    const of = (effort: "quick" | "balanced" | "thorough", loss: object | null = null) =>
      client.align.defaults({ model: material.model, effort, loss });
    const [quick, balanced, thorough] = [await of("quick"), await of("balanced"), await of("thorough")];
    expect([quick, balanced, thorough].map(({ config }) => (config.lora as { rank: number }).rank)).toEqual([
      8, 16, 32,
    ]);
    const rate = ({ config }: typeof quick) => (config.optimizer as { learningRate: number }).learningRate;
    expect(rate(await of("balanced", { id: "dpo" })) / rate(balanced), "of a preference loss").toBeCloseTo(0.2);
    expect(rate(await of("balanced", { id: "dpo", beta: null })), "a loss half typed counts as none").toBe(
      rate(balanced),
    );
    expect(balanced.reasons.map(({ setting }) => setting)).toEqual(
      expect.arrayContaining(["lora.rank", "lora.layers", "optimizer.learningRate", "schedule.kind", "epochs"]),
    );
  });

  it("says what it takes before the data are chosen, and more as the settings grow", async () => {
    await using opened = await setup();
    const { client, material } = opened;
    const preview = (over: object) => client.align.preview({ config: { model: material.model, ...over } });
    const small = await preview({});
    expect(small.problems.map(({ setting }) => setting)).toEqual(["data"]);
    expect(small.memory).toMatchObject({ measured: false, advice: null, verdict: "fits" });
    if (small.memory === null) throw new Error("There is no estimate.");
    const { weights, copies, adapter, activations, work, program, total } = small.memory;
    expect(weights + copies + adapter + activations + work + program).toBeCloseTo(total, 3);
    const large = await preview({ lora: { rank: 64 }, batchTokens: 8192 });
    expect(large.memory?.adapter).toBeGreaterThan(3 * adapter);
    expect(large.memory?.activations).toBeGreaterThan(activations);
    expect(large.parameters).toBe(4 * (small.parameters ?? 0));
  });

  it("speaks of the card that it goes to, and of the processor where it is told to stay there", async () => {
    const gib = 2 ** 30;
    const card = { kind: "cuda", name: "a card", software: false, freeBytes: 4 * gib, totalBytes: 8 * gib } as const;
    await using opened = await setup(card);
    const { client, material } = opened;
    const preview = async (over: object) =>
      (await client.align.preview({ config: { model: material.model, ...over } })).memory;
    expect(await preview({})).toMatchObject({ card: { name: "a card", gpuLayers: 2, layers: 2 }, free: 4 * gib });
    expect((await preview({}))?.copies).toBeGreaterThan(0);
    expect(await preview({ gpu: "off" })).toMatchObject({ card: null, copies: 0 });
    expect((await client.machine.get()).gpus).toEqual([card]);
  });

  it("tells the measured figure where a run of this shape on these rows has been there before", async () => {
    await using opened = await setup();
    const { client, material, workspace, folder } = opened;
    const [data, longer] = [join(folder, "rows.json"), join(folder, "longer.json")];
    await writeFile(data, JSON.stringify([{ query: "Q", responses: ["a", "b"], scores: [7, 1] }]));
    await writeFile(longer, JSON.stringify([{ query: "Q", responses: ["a ".repeat(99), "b"], scores: [7, 1] }]));
    const config = alignConfig.parse({ model: material.model, data });
    const shape = trainingShape(await readGgufHeader(material.model));
    const key = memoryKey(shape, config, { data: await hashFile(data) });
    const parts = { weights: 1e6, copies: 0, adapter: 2e6, activations: 3e6, arena: 4e6 };
    await rememberMemory(join(workspace, "cache"), key, { ...parts, resident: 100e6, whole: true });
    const preview = async (over: object) =>
      (await client.align.preview({ config: { model: material.model, ...over } })).memory;
    expect(await preview({ data })).toMatchObject({ measured: true, total: 100e6, work: 4e6, program: 90e6 });
    expect(await preview({ data: longer })).toMatchObject({ measured: false });
    expect(await preview({})).toMatchObject({ measured: false });
  });

  it("counts the rows and steps that will be trained: none of those that the loss leaves out", async () => {
    await using opened = await setup();
    const { client, material, folder } = opened;
    const [data, tied] = [join(folder, "rows.json"), join(folder, "tied.json")];
    const row = (i: number, scores: number[]) => ({ query: `q${i}`, responses: ["a", "b"], scores });
    const rows = Array.from({ length: 40 }, (_, i) => row(i, i < 16 ? [7, 1] : [4, 4]));
    await writeFile(data, JSON.stringify(rows));
    await writeFile(tied, JSON.stringify(rows.slice(16)));
    const shared = { model: material.model, epochs: 1, accumulation: 4, evaluationShare: 0 };
    const preview = (over: object) => client.align.preview({ config: { ...shared, data, ...over } });
    const whole = await preview({});
    expect(whole).toMatchObject({ steps: 10, rows: { rows: 40, training: 40, evaluation: 0, pairless: 0 } });
    const pairs = await preview({ loss: { id: "dpo" } });
    expect(pairs).toMatchObject({ steps: 4, rows: { rows: 40, training: 16, pairless: 24 }, problems: [] });
    const { reasons } = await client.align.defaults({ model: material.model, data, loss: { id: "dpo" } });
    expect(reasons.find(({ setting }) => setting === "evaluateEvery")?.reason).toMatch(/^4 steps:/);
    const none = await preview({ data: tied, loss: { id: "dpo" } });
    expect(none).toMatchObject({ steps: null, rows: { training: 0, pairless: 24 } });
    expect(none.problems.map(({ setting }) => setting)).toEqual(["data"]);
    const empty = await preview({ loss: { id: "dpo" }, maxRejected: 0 });
    expect(empty.problems.map(({ setting }) => setting)).toEqual(["maxRejected"]);
  });

  it("names the setting of what the trainer would refuse, before it is loaded", async () => {
    await using opened = await setup();
    const { client, material, folder } = opened;
    const data = join(folder, "rows.json");
    await writeFile(data, JSON.stringify([{ query: "Q", responses: ["a", "b"], scores: [7, 1] }]));
    const problemsOf = async (over: object) =>
      (await client.align.preview({ config: { model: material.model, data, ...over } })).problems.map(
        ({ setting }) => setting,
      );
    expect(await problemsOf({})).toEqual([]);
    const part = (id: "dpo" | "sft") => ({ weight: 1, loss: { id } });
    const twice = { id: "mixture" as const, losses: [part("dpo"), part("sft"), part("dpo")] };
    expect(await problemsOf({ loss: twice })).toEqual(["loss"]);
    expect(await problemsOf({ samples: { every: 5, prompts: [] } })).toEqual(["samples.prompts"]);
    expect(await problemsOf({ evaluationShare: 0, earlyStop: { patience: 2 } })).toEqual(["earlyStop.patience"]);
    expect(await problemsOf({ lora: { rsLora: true, ranks: { attn_q: 8 } } })).toEqual(["lora.rsLora"]);
    expect(await problemsOf({ lora: { layers: { first: 1, last: 0 } } })).toEqual(["lora.layers"]);
    expect(await problemsOf({ lora: { layers: { first: 1, last: 2 } } }), "of a model with two").toEqual([
      "lora.layers",
    ]);
    expect(await problemsOf({ loss: { id: "stable-alignment", semantics: "reference" } })).toEqual(["loss"]);
    expect(await problemsOf({ loss: { id: "mixture", losses: [{ weight: 0, loss: { id: "sft" } }] } })).toEqual([
      "loss.losses.0.weight",
    ]);
  });

  it("says in the words of the form why layers are refused, and tells no figure that is made from them", async () => {
    await using opened = await setup();
    const { client, material, folder } = opened;
    const data = join(folder, "rows.json");
    await writeFile(data, JSON.stringify([{ query: "Q", responses: ["a", "b"], scores: [7, 1] }]));
    const preview = (over: object) => client.align.preview({ config: { model: material.model, data, ...over } });
    const reversed = await preview({ lora: { layers: { first: 1, last: 0 } } });
    expect(reversed).toMatchObject({ memory: null, parameters: null, steps: 1, rows: { training: 1 } });
    const [problem] = reversed.problems;
    expect(problem?.message).toBe("The last layer (0) comes before the first layer (1).");
    expect(problem?.action).not.toContain("lora.");
    const twice = { weight: 1, loss: { id: "dpo" as const } };
    const mixed = await preview({ loss: { id: "mixture", losses: [twice, twice] } });
    expect(mixed).toMatchObject({ memory: null, steps: null, rows: null });
    expect(mixed.parameters, "made from the adapter alone").toBeGreaterThan(0);
    const quiet = await preview({ samples: { every: 5, prompts: [] } });
    expect(quiet.problems).toHaveLength(1);
    expect(quiet.memory, "made from other settings").not.toBeNull();
  });
});

describe("an evaluation before it starts", () => {
  it("tells every complaint at once, and the questions as far as they can be read", async () => {
    await using opened = await setup();
    const { client, material, folder } = opened;
    const questions = join(folder, "held.txt");
    await writeFile(questions, "May I keep it?\nShould I tell her?\n");
    const { problems, questions: found } = await client.evaluation.preview({
      config: { model: material.model, questions, trainingData: join(folder, "nowhere.json") },
    });
    expect(problems.map(({ setting }) => setting).sort()).toEqual(["adapter", "judge", "trainingData"]);
    expect(found).toMatchObject({ questions: 2, withKey: 0, sample: ["May I keep it?", "Should I tell her?"] });
    const unfinished = await client.evaluation.preview({ config: {} });
    expect(unfinished.problems.map(({ setting }) => setting).sort()).toEqual(["model", "questions"]);
    expect(unfinished.questions).toBeNull();
  });
});
