/** A model with two sets of RoPE factors speaks, wherever it is opened, with those that its adapter was trained with. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { chosenCheckpoint } from "../../../core/alignment/chosenCheckpoint.ts";
import { readSamples } from "../../../core/alignment/samples.ts";
import { type EvaluationLine, evaluationConfig } from "../../../core/contract/evaluation.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { talkOpenInput } from "../../../core/contract/jobs.ts";
import { evaluationJob, logpsJob } from "../../../core/host/engineJobs.ts";
import { Talks } from "../../../core/host/talks.ts";
import { exportAdapterJob, exportMergedJob } from "../../../core/host/trainerJobs.ts";
import { openLanguageModel, openScorer } from "../../../core/models/llama/loadedModel.ts";
import { messagesOf, trainLongRope } from "../../support/longRopeRun.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";
import { writeTinyModel } from "../../support/tinyModels.ts";

const { signal } = new AbortController();
const asked = ["Whatdoyoudo?", "Whodoesit?", "Isitso?", "Whenwasit?"];
const sampling = { temperature: 0, topP: 1, maxTokens: 24 };

async function trained(contextLength: number | null, ...contexts: [original?: number, trained?: number]) {
  const { directory, config, warnings } = await trainLongRope({ contextLength }, ...contexts);
  const { adapter } = await chosenCheckpoint(directory, "last");
  return { directory, model: config.model, adapter, warnings };
}

/** What llama.cpp says to each question in a context of so many tokens. */
async function said(model: string, adapter: string | null, contextSize: number): Promise<string[]> {
  const speaker = await openLanguageModel({ path: model, adapter, contextSize, sequences: 1, threads: 1 });
  const texts: string[] = [];
  for (const instruction of asked)
    texts.push((await speaker.generate({ prompt: { instruction }, sampling, seed: 1, signal })).text.trim());
  await speaker.dispose();
  return texts;
}

async function evaluated(directory: string, settings: object) {
  const questions = join(dirname(directory), "questions.jsonl");
  writeFileSync(questions, asked.map((question) => `${JSON.stringify({ question, good: ["a"] })}\n`).join(""));
  const config = evaluationConfig.parse({
    // Several sequences in one context: each must have the room that decides the factors.
    ...{ questions, sampling, sequences: 3, threads: 1, gpu: "off", ...settings },
  });
  const events: JobEvent[] = [];
  await evaluationJob({ config, directory }, (event) => events.push(event), signal);
  const lines = readFileSync(join(directory, "results.jsonl"), "utf8").trim().split("\n");
  const answers = lines.map((line) => JSON.parse(line) as EvaluationLine);
  return {
    base: answers.map(({ base }) => base.answer),
    aligned: answers.map(({ aligned }) => aligned.answer),
    notices: messagesOf(events, "notice"),
    warnings: messagesOf(events, "warning"),
  };
}

async function chatted(model: string, adapter: string, contextSize: number | null = null) {
  const talks = new Talks();
  const input = talkOpenInput.parse({ model, adapter, contextSize, threads: 1, gpu: "off" });
  const { talk, ...opened } = await talks.open(input);
  onTestFinished(() => talks.close(talk));
  const [text = ""] = asked;
  const answers = { base: "", aligned: "" };
  for await (const event of talks.say(talk, { text, sampling, seed: 1 }))
    if (event.type === "text") answers[event.side] += event.text;
  return { ...opened, base: answers.base.trim(), aligned: answers.aligned.trim() };
}

it.each([
  // Contexts as they would be opened without a thought, of 512 and 2048 tokens, take the others.
  ["short", null, [256, 512], { own: 256, other: 512 }],
  ["long", 4096, [2304, 4096], { own: 2560, other: 2304 }],
] as const)(
  "trained with the %s factors: evaluation, chat and scores take them",
  async (name, length, sizes, contexts) => {
    const { directory, model, adapter, warnings } = await trained(length, ...sizes);
    expect(warnings).not.toContain("RoPE");
    const [base, aligned] = [await said(model, null, contexts.own), await said(model, adapter, contexts.own)];
    const [otherBase, otherAligned] = [
      await said(model, null, contexts.other),
      await said(model, adapter, contexts.other),
    ];
    // Else the texts would tell nothing.
    expect(otherBase).not.toEqual(base);
    expect(otherAligned).not.toEqual(aligned);

    const result = await evaluated(join(directory, "evaluation"), { model, adapter });
    expect(result).toMatchObject({ base, aligned, warnings: "" });
    expect(result.notices).toContain(`takes its ${name} RoPE factors`);

    const chat = await chatted(model, adapter);
    expect(chat).toMatchObject({ base: base[0], aligned: aligned[0], warning: null });

    const items = [{ query: "question", response: "answer" }];
    const [scored] = await logpsJob({ model, adapter, items, appendEos: false, threads: 1 }, signal);
    await using scorer = await openScorer({ path: model, adapter, contextSize: contexts.own, threads: 1 });
    const own = await scorer.responseLogps("question", "answer", { appendEos: false });
    expect(scored?.logps).toEqual([...own.logps]);
  },
);

it("exports are served as they were trained, by the provenance beside them", async () => {
  const { directory, model, adapter } = await trained(512);
  const to = (name: string) => join(dirname(directory), "exports", name);
  const asks = (name: string) => ({ run: directory, checkpoint: "last" as const, output: to(name), threads: 1 });
  await exportAdapterJob(asks("a.gguf"), () => {}, signal);
  await exportMergedJob({ ...asks("m.gguf"), type: "F32" }, () => {}, signal);
  const aligned = await said(model, adapter, 512);
  const byAdapter = await evaluated(join(directory, "a"), { model, adapter: to("a.gguf") });
  expect(byAdapter).toMatchObject({ aligned, warnings: "" });
  const merged = { model, alignedModel: to("m.gguf") };
  expect((await evaluated(join(directory, "m"), merged)).notices).toMatch(/m\.gguf: .*long RoPE factors/);

  // Without it nobody knows, and that is said.
  writeFileSync(`${to("a.gguf")}.json`, "{}");
  const unknown = await evaluated(join(directory, "u"), { model, adapter: to("a.gguf") });
  expect(unknown.warnings).toMatch(/Nobody knows.*short ones.*more than 256 tokens/);
  expect(unknown.aligned).toEqual(await said(model, adapter, 256));
});

it("a context that a person asks for is taken, and told where it is not the trained one", async () => {
  const { directory, model, adapter } = await trained(null);
  const other = await evaluated(join(directory, "other"), { model, adapter, contextLength: 300 });
  expect(other.aligned).toEqual(await said(model, adapter, 512));
  expect(other.warnings).toMatch(/300 tokens takes the long.*trained with the short.*at most 256/);
  expect((await evaluated(join(directory, "own"), { model, adapter, contextLength: 200 })).warnings).toBe("");
  expect((await chatted(model, adapter, 512)).warning).toContain("long");

  const tooLong = { model, adapter, contextLength: 513 };
  await expect(evaluated(join(directory, "none"), tooLong)).rejects.toMatchObject({
    code: "bad-setting",
    message: expect.stringMatching(/513 tokens.*trained on 512/),
    details: { setting: "contextLength" },
  });
  expect(existsSync(join(directory, "none"))).toBe(false);
  await expect(chatted(model, adapter, 513)).rejects.toMatchObject({ code: "bad-setting" });
});

it("a context that the memory cannot hold is refused before it is made, with what to lower", async () => {
  const model = join(await temporaryFolder(), "vast.gguf");
  const metadata = { "llama.context_length": { type: "u32", value: 500_000_000 } } as const;
  await writeTinyModel(model, { tied: true, ropeFactors: false, seed: 3, vocabulary: 96, metadata });
  // 1.3 TB of keys and values.
  const asks = { model, alignedModel: model, contextLength: 250_000_000 };
  await expect(evaluated(join(dirname(model), "run"), asks)).rejects.toMatchObject({
    code: "out-of-memory",
    action: expect.stringMatching(/--sequences.*--context-length/),
  });
});

it("texts during the training speak with its factors", async () => {
  const samples = { every: 1, prompts: asked, maxTokens: sampling.maxTokens };
  const { directory, config } = await trainLongRope({ contextLength: 4096, samples }, 2304, 4096);
  const [first] = await readSamples(directory);
  expect(first?.samples.map(({ base }) => base)).toEqual(await said(config.model, null, 2560));
});
