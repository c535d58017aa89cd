/** Exports of models with two sets of RoPE factors, through the trainer host's own jobs: what was trained is proven. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { AlignConfig } from "../../../core/contract/alignment.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { type ExportTools, exportAdapterOfRun } from "../../../core/exports/exportRun.ts";
import { type Proof, type ProofRow, type ProofTokens, proofTokens } from "../../../core/exports/proof.ts";
import { exportAdapterJob, exportMergedJob } from "../../../core/host/trainerJobs.ts";
import { openScorer } from "../../../core/models/llama/loadedModel.ts";
import { openTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { messagesOf, trainLongRope } from "../../support/longRopeRun.ts";
import { addon, libraries } from "../../support/nativeCases.ts";

const { signal } = new AbortController();

/** Nats per token of the best response under the base, by llama.cpp in such a context. */
async function servedNll({ model, data, maxLength, appendEos }: AlignConfig, contextSize: number): Promise<number> {
  await using scorer = await openScorer({ path: model, adapter: null, contextSize, threads: 1 });
  const [row] = JSON.parse(readFileSync(data, "utf8")) as [ProofRow];
  const cut = proofTokens(row, scorer, { maxLength, appendEos }) as ProofTokens;
  const logps = await scorer.tokenLogps(cut.prompt, cut.tokens);
  return -logps.reduce((sum, logp) => sum + logp, 0) / logps.length;
}

const asked = (directory: string, name: string) => ({
  ...{ run: directory, checkpoint: "last" as const, output: join(directory, `${name}.gguf`), threads: 1 },
});
const adapterProof = async (directory: string) =>
  (await exportAdapterJob(asked(directory, "adapter"), () => {}, signal)).proof as Proof;

it.each([
  ["short", {}, /short ones.*up to 256 tokens/, { own: 256, other: 512 }],
  ["long", { contextLength: 512 }, /long ones.*more than 256 tokens, up to 512/, { own: 512, other: 256 }],
])("trained with the %s factors, adapter and merged model are proven with them", async (_, over, said, contexts) => {
  const { directory, config, notices, firstNll } = await trainLongRope(over);
  expect(notices).toMatch(said);
  // Before its first step the model is what llama.cpp serves in that context, and not what it serves in the other.
  expect(Math.abs(firstNll - (await servedNll(config, contexts.own)))).toBeLessThan(1e-5);
  expect(Math.abs(firstNll - (await servedNll(config, contexts.other)))).toBeGreaterThan(1e-3);
  const proof = await adapterProof(directory);
  expect(proof.meanDifference).toBeLessThan(1e-4);
  expect(proof.effect).toBeGreaterThan(0.1);
  const events: JobEvent[] = [];
  const emit = (event: JobEvent) => void events.push(event);
  const merged = await exportMergedJob({ ...asked(directory, "merged"), type: "F16" }, emit, signal);
  // Whoever serves it elsewhere must choose the context.
  expect(messagesOf(events, "notice")).toMatch(said);
  expect((merged.proof as Proof).conclusive).toBe(true);
});

it("rows are trained and proven in the context that the factors belong to", async () => {
  const short = await trainLongRope({ maxLength: 400 });
  expect(short.warnings).toContain("cut at 256 tokens");
  expect(await adapterProof(short.directory)).toMatchObject({ tokens: 128 });
});

it("negative control: opened with the other factors, the export is found to speak otherwise", async () => {
  const { directory } = await trainLongRope({});
  const tools: ExportTools = {
    ...{ addon, libraries, threads: 1, openTokenizer },
    openTrainer: (model) => addon.openTrainer({ model, libraries, threads: 1 }),
    openScorer: (path, adapter) => openScorer({ path, adapter, contextSize: 257, threads: 1 }),
  };
  const failing = exportAdapterOfRun({ directory, output: join(directory, "a.gguf"), tools, emit: () => {} });
  await expect(failing).rejects.toMatchObject({ code: "proof-failed" });
});

it("an original context that llama.cpp cannot be opened with is named, with what can be done", async () => {
  const { directory } = await trainLongRope({ maxLength: 32 }, 32);
  await expect(adapterProof(directory)).rejects.toMatchObject({
    code: "proof-failed",
    reason: expect.stringMatching(/256 tokens at least.*up to 32 alone/),
    action: expect.stringContaining("--context-length 256"),
  });
  const long = await trainLongRope({ maxLength: 32, contextLength: 256 }, 32);
  expect((await adapterProof(long.directory)).meanDifference).toBeLessThan(1e-4);
});
