/**
 * Tokens further than 87 nats away: their probability is no F32 number any more, their log-probability is one like any
 * other. Losses on sums of log-probabilities (dpo, ipo, cpo-xu) drive rejected answers that far.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { casePath, openTrainer, readCase } from "../../support/nativeCases.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const sharper = 64;

/** llama's case with every logit `sharper` times as large. */
async function sharpModel(): Promise<string> {
  const source = casePath("llama", "model.gguf");
  const [header, bytes] = [await readGgufHeader(source), await readFile(source)];
  const norm = header.tensors.find(({ name }) => name === "output_norm.weight");
  if (norm === undefined) throw new Error("The case has no output norm.");
  const start = header.dataStart + norm.offset;
  for (let at = start; at < start + norm.elements * 4; at += 4) bytes.writeFloatLE(bytes.readFloatLE(at) * sharper, at);
  const path = join(await temporaryFolder(), "sharp.gguf");
  await writeFile(path, bytes);
  return path;
}

test("log-probabilities keep their digits below the smallest probability of F32", async () => {
  const { query } = await readCase("llama");
  const distribution = async (model: string) => {
    const trainer = await openTrainer(model);
    const responses = Array.from({ length: trainer.info.vocabulary }, (_, token) => [token]);
    return (await trainer.forward([{ query, responses }], { adapter: false, keep: false })).flat(2);
  };
  const logits = (await distribution(casePath("llama", "model.gguf"))).map((logp) => logp * sharper);
  const top = Math.max(...logits);
  const normalizer = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
  const expected = logits.map((logit) => logit - normalizer);
  expect(Math.min(...expected)).toBeLessThan(-300);
  const found = await distribution(await sharpModel());
  expect(Math.max(...found.map((logp, token) => Math.abs(logp - (expected[token] as number))))).toBeLessThan(1e-3);
});
