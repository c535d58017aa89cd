import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Token } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Sampling } from "../../../core/contract/society.ts";
import type { LanguageModel, Prompt } from "../../../core/models/languageModel.ts";
import { openLanguageModel } from "../../../core/models/llama/loadedModel.ts";
import { ResponseScorer } from "../../../core/models/llama/responseScorer.ts";
import { loadCheckedModel } from "../../../core/models/llama/runtime.ts";
import { adapterFile, caseFile, f32Model } from "./fixtures.ts";

const sampling: Sampling = { temperature: 1, topP: 1, maxTokens: 16 };
const prompt: Prompt = { instruction: "Say it." };

let model: LanguageModel;
beforeAll(async () => {
  model = await openLanguageModel({ path: f32Model, sequences: 8, threads: 1, contextSize: 512 });
});
afterAll(() => model.dispose());

/** First tokens of many completions, as texts. */
async function firstTexts(settings: Partial<Sampling>, count: number): Promise<string[]> {
  const one = { ...sampling, maxTokens: 1, ...settings };
  const seeds = Array.from({ length: count }, (_, seed) => seed);
  const completions = await Promise.all(seeds.map((seed) => model.generate({ prompt, sampling: one, seed })));
  return completions.map(({ text }) => text);
}

describe("sampling", () => {
  it("draws from the whole vocabulary at temperature 1 and top-p 1: no hidden top-k", async () => {
    expect(new Set(await firstTexts({}, 600)).size).toBeGreaterThan(80);
  });

  it("is greedy at temperature 0 and nearly so at a tiny top-p, whatever the seed", async () => {
    const greedy = new Set(await firstTexts({ temperature: 0 }, 5));
    expect(greedy.size).toBe(1);
    expect(new Set(await firstTexts({ topP: 1e-6 }, 20))).toEqual(greedy);
  });

  it("follows the model's own distribution", async () => {
    const counts = Map.groupBy(await firstTexts({}, 2000), (text) => text);
    const [text, texts] = [...counts].reduce((most, entry) => (entry[1].length > most[1].length ? entry : most));
    const { model: weights } = await loadCheckedModel(f32Model, { threads: 1 });
    const scorer = await ResponseScorer.open(weights, scorerOptions(null));
    const tokens = [weights.tokens.bos as Token, ...weights.tokenize(model.render(prompt))];
    const same = [...weights.iterateAllTokens()].filter((token) => weights.detokenize([token], false, tokens) === text);
    let probability = 0;
    for (const token of same) probability += Math.exp((await scorer.scoreTokens(tokens, [token])).logps[0] as number);
    await scorer.dispose();
    await weights.dispose();
    const deviation = Math.sqrt((probability * (1 - probability)) / 2000);
    expect(Math.abs(texts.length / 2000 - probability)).toBeLessThan(4 * deviation);
  });
});

describe("generate", () => {
  it("serves a call that is made at any moment in which the last one ends", async () => {
    const short = { prompt, sampling: { ...sampling, maxTokens: 1 } };
    for (let hops = 0; hops < 40; hops++) {
      await model.generate({ ...short, seed: hops });
      // Another number of microtasks each time: no gap between "nothing left to do" and "idle" may swallow a call.
      for (let i = 0; i < hops; i++) await null;
      await model.generate({ ...short, seed: hops });
    }
  }, 20_000);

  it("reports the prompt as evaluated and counts its tokens with the beginning of sequence", async () => {
    const completion = await model.generate({ prompt, sampling, seed: 1 });
    expect(completion.prompt).toBe("### Instruction:\nSay it.\n\n### Response:\n");
    expect(completion.promptTokens).toBe(model.countTokens(completion.prompt) + 1);
    expect(completion.completionTokens).toBe(16);
    expect(completion.stopReason).toBe("length");
  });

  it("ends before the first stop string, even one that spans tokens", async () => {
    const long = { ...sampling, maxTokens: 120 };
    const { text } = await model.generate({ prompt, sampling: long, seed: 3 });
    const stop = text.slice(20, 23);
    const stopped = await model.generate({ prompt, sampling: long, seed: 3, stop: ["never there", stop] });
    expect(stopped.text).toBe(text.slice(0, text.indexOf(stop)));
    expect(stopped.stopReason).toBe("stop");
    expect(stopped.completionTokens).toBeLessThan(120);
  });

  it("fills the context to its end and no further", async () => {
    const completion = await model.generate({ prompt, sampling: { ...sampling, maxTokens: 10_000 }, seed: 4 });
    if (completion.stopReason === "length")
      expect(completion.promptTokens + completion.completionTokens).toBe(model.contextSize);
    else expect(completion.stopReason).toBe("end");
  });

  it("refuses a prompt longer than the context and names both counts", async () => {
    const long: Prompt = { instruction: "word ".repeat(1000) };
    const error: unknown = await model.generate({ prompt: long, sampling, seed: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "bad-input", details: { contextSize: 512 } });
    expect((error as Error).message).toMatch(/has \d{4} tokens, the context holds 512/);
  });
});

describe("rate", () => {
  const rated: Prompt = { instruction: "Rate it.", sharedInput: "Q", ownInput: "I", responseStart: "Rating: " };

  it("chooses among the seven digits and goes on with the delimiter", async () => {
    const completion = await model.rate({ prompt: rated, sampling, seed: 1, draw: null });
    const probabilities = completion.probabilities ?? [];
    expect(probabilities).toHaveLength(7);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(completion.rating).toBe(probabilities.indexOf(Math.max(...probabilities)) + 1);
    expect(completion.text.startsWith(`${completion.rating} ### Reason:`)).toBe(true);
    expect(completion.text.endsWith(completion.reason)).toBe(true);
    expect(completion.prompt.endsWith("### Response:\nRating: ")).toBe(true);
  });

  it("walks through all ratings with the draw, each as wide as its probability", async () => {
    const short = { ...sampling, maxTokens: 1 };
    const draws = Array.from({ length: 200 }, (_, i) => (i + 0.5) / 200);
    const all = await Promise.all(draws.map((draw) => model.rate({ prompt: rated, sampling: short, seed: 1, draw })));
    const probabilities = all[0]?.probabilities ?? [];
    for (const [i, probability] of probabilities.entries()) {
      const share = all.filter(({ rating }) => rating === i + 1).length / 200;
      expect(Math.abs(share - probability)).toBeLessThanOrEqual(1 / 200);
    }
  });

  it("has the probabilities that teacher forcing gives the seven digits", async () => {
    const { probabilities, prompt: text } = await model.rate({ prompt: rated, sampling, seed: 1, draw: null });
    const { model: weights } = await loadCheckedModel(f32Model, { threads: 1 });
    const scorer = await ResponseScorer.open(weights, scorerOptions(null));
    const [shared, own] = [text.slice(0, text.indexOf("\nI\n")), text.slice(text.indexOf("\nI\n"))];
    const tokens = [
      weights.tokens.bos as Token,
      ...weights.tokenize(shared),
      ...weights.tokenize(own, false, "trimLeadingSpace"),
    ];
    const scores: number[] = [];
    for (const digit of "1234567") {
      const [token] = weights.tokenize(digit, false, "trimLeadingSpace");
      scores.push(Math.exp((await scorer.scoreTokens(tokens, [token as Token])).logps[0] as number));
    }
    await scorer.dispose();
    await weights.dispose();
    const sum = scores.reduce((total, score) => total + score, 0);
    // The engine's keys and values are F16, the scorer's F32.
    for (const [i, score] of scores.entries()) expect(probabilities?.[i]).toBeCloseTo(score / sum, 3);
  });
});

describe("log-probabilities", () => {
  const reference = z.object({
    query: z.array(z.number()),
    responses: z.array(z.array(z.number())),
    logps: z.array(z.array(z.number())),
  });

  it("agree with PyTorch's within 1e-5, adapter on", async () => {
    const expected = reference.parse(JSON.parse(await readFile(caseFile, "utf8")));
    const { model: weights } = await loadCheckedModel(f32Model, { threads: 1 });
    const scorer = await ResponseScorer.open(weights, scorerOptions(adapterFile));
    for (const [i, response] of expected.responses.entries()) {
      const { logps } = await scorer.scoreTokens(expected.query as Token[], response as Token[]);
      for (const [t, logp] of logps.entries())
        expect(Math.abs(logp - (expected.logps[i]?.[t] ?? Number.NaN))).toBeLessThan(1e-5);
    }
    await scorer.dispose();
    await weights.dispose();
  });

  it("do not depend on what was scored before, and count the end of sequence only if asked", async () => {
    const first = await model.responseLogps("Hello", "there you are", { appendEos: true });
    await model.responseLogps("Something else that is much longer", "x", { appendEos: false });
    expect(await model.responseLogps("Hello", "there you are", { appendEos: true })).toEqual(first);
    const without = await model.responseLogps("Hello", "there you are", { appendEos: false });
    expect(first.tokens).toEqual([...without.tokens, 2]);
  });

  it("refuse what does not fit the context", async () => {
    const scored = model.responseLogps("word ".repeat(1000), "x", { appendEos: false });
    await expect(scored).rejects.toMatchObject({ code: "bad-input" });
  });
});

describe("cancellation", () => {
  const endless = { ...sampling, maxTokens: 400 };

  it("rejects before its neighbour has said a few words more, and leaves the neighbours' texts alone", async () => {
    const stop = new AbortController();
    const request = { prompt: { instruction: "Go on." }, sampling: endless, seed: 12 };
    const undisturbed = await model.generate(request);
    let begun: () => void = () => {};
    const speaking = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const stopped = Array.from({ length: 5 }, (_, seed) =>
      model.generate({ prompt, sampling: endless, seed, signal: stop.signal, onText: () => begun() }),
    );
    let said = 0;
    const neighbour = model.generate({ ...request, onText: () => said++ });
    await speaking;
    const before = said;
    stop.abort();
    const outcomes = await Promise.allSettled(stopped);
    expect(said - before).toBeLessThan(10);
    expect(undisturbed.completionTokens).toBeGreaterThan(100);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
    expect(await neighbour).toEqual(undisturbed);
  });

  it("frees the sequences: as many calls as before run afterwards", async () => {
    const stop = new AbortController();
    const calls = Array.from({ length: 30 }, (_, seed) =>
      model.generate({ prompt, sampling: endless, seed, signal: stop.signal }).catch(() => null),
    );
    stop.abort();
    expect((await Promise.all(calls)).every((call) => call === null)).toBe(true);
    expect(await firstTexts({}, 30)).toHaveLength(30);
  });

  it("refuses a call whose signal is aborted already", async () => {
    const call = model.generate({ prompt, sampling, seed: 1, signal: AbortSignal.abort() });
    await expect(call).rejects.toMatchObject({ code: "cancelled" });
  });
});

describe("disposal", () => {
  it("rejects calls in flight and later ones, and can be asked for twice", async () => {
    const own = await openLanguageModel({ path: f32Model, sequences: 2, threads: 1, contextSize: 512 });
    const calls = Array.from({ length: 6 }, (_, seed) =>
      own.generate({ prompt, sampling: { ...sampling, maxTokens: 400 }, seed }),
    );
    const outcomes = Promise.allSettled(calls);
    // Begun, and not at their first token: after a time by the clock a busy machine may have ended one.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([own.dispose(), own.dispose()]);
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
    await expect(own.generate({ prompt, sampling, seed: 1 })).rejects.toMatchObject({ code: "cancelled" });
    await expect(own.responseLogps("a", "b", { appendEos: false })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("leaves nothing that keeps the process alive", async () => {
    const script = `
      const { openLanguageModel } = await import(${JSON.stringify(new URL("../../../core/models/llama/loadedModel.ts", import.meta.url).href)});
      for (let i = 0; i < 3; i++) {
        const model = await openLanguageModel({ path: ${JSON.stringify(f32Model)}, sequences: 4, threads: 1, contextSize: 256 });
        await model.generate({ prompt: { instruction: "x" }, sampling: { temperature: 1, topP: 1, maxTokens: 3 }, seed: 1 });
        await model.responseLogps("a", "b", { appendEos: false });
        await model.dispose();
      }
      console.log("ended");`;
    const folder = await mkdtemp(join(tmpdir(), "folkmoot-dispose-"));
    const file = join(folder, "script.mjs");
    await writeFile(file, script);
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 30_000 });
    await rm(folder, { recursive: true });
    expect(stdout.trim()).toBe("ended");
  });
});

function scorerOptions(lora: string | null) {
  return { contextSize: 512, batchSize: 256, threads: 1, lora, controlTokens: false };
}
