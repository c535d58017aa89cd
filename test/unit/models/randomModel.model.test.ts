import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LlamaModel } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";
import { loadCheckedModel } from "../../../core/models/llama/runtime.ts";
import { templateFormatter } from "../../../core/models/promptFormat.ts";
import { type Encoding, encodings } from "../../../core/models/tensorEncoding.ts";
import { type RandomModel, writeRandomModel } from "../../../scripts/models/randomModel.ts";
import { buildVocabulary, detokenize, tokenize } from "../../../scripts/models/vocabulary.ts";
import { conversationGroupAt, conversationKinds } from "../../../scripts/village/conversations.ts";
import { splitCombinations } from "../../../scripts/village/split.ts";

const shape = { layers: 2, embedding: 64, heads: 4, kvHeads: 2, feedForward: 96, contextLength: 256, tied: false };
const small: RandomModel = { shape, vocabularySize: 512, encoding: "F32", seed: 3 };

const mix = { draft: 1, recall: 1, rating: 1, peer: 1, engagement: 1, revision: 1 };
const { corpus } = splitCombinations(1);
const groups = Array.from({ length: 200 }, (_, i) => conversationGroupAt(1, i, { combinations: corpus, mix }));
const { render } = templateFormatter();
const texts = groups.flatMap(({ conversations }) =>
  conversations.flatMap(({ prompt, response }) => [render(prompt).shared + render(prompt).own, response]),
);

let folder: string;
const models: LlamaModel[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "random-model-"));
});
afterAll(async () => {
  for (const model of models) await model.dispose();
  await rm(folder, { recursive: true });
});

async function load(name: string, model: RandomModel, words: readonly string[] = []): Promise<LlamaModel> {
  const path = join(folder, name);
  await writeRandomModel(path, model, words);
  const loaded = await loadCheckedModel(path, { threads: 1 });
  models.push(loaded.model);
  return loaded.model;
}

describe("the tokenizer in the file is the one that trains", () => {
  // A vocabulary that knows half of the words: whole words and bytes both occur.
  const words = texts.slice(0, texts.length / 2).filter((_, i) => i % 7 === 0);
  const odd = ["Zoë's 🐐 costs 1234 €", "a  b\n\n\nc", " ", "It's:\n\n\tdone .", "\r\n x", "<|end_of_text|>", ""];

  test("llama.cpp splits every prompt, response and odd text into our tokens, and gives the text back", async () => {
    const model = await load("tokenizer.gguf", small, words);
    const vocabulary = buildVocabulary(words, small.vocabularySize);
    for (const text of [...texts, ...odd]) {
      const ids = tokenize(text, vocabulary);
      expect(model.tokenize(text, false, "trimLeadingSpace")).toEqual(ids);
      expect(detokenize(ids, vocabulary)).toBe(text);
    }
    expect([model.tokens.bos, model.tokens.eos]).toEqual([vocabulary.bos, vocabulary.eos]);
    expect(model.tokens.shouldPrependBosToken).toBe(true);
  });

  test("every word of the corpus is one token, every rating is one digit", () => {
    const vocabulary = buildVocabulary(texts);
    const bytes = new Set(Array.from({ length: 256 }, (_, i) => i + 2));
    for (const text of texts) {
      const known = tokenize(text, vocabulary).filter((id) => bytes.has(id));
      expect(
        detokenize(known, vocabulary)
          .replaceAll(/[\d\s.,:?]/g, "")
          .replaceAll(/[AI]/g, ""),
      ).toBe("");
    }
    expect(new Set(["1", "2", "3", "4", "5", "6", "7"].map((digit) => tokenize(digit, vocabulary).join())).size).toBe(
      7,
    );
    expect(groups.map(({ kind }) => kind)).toEqual(expect.arrayContaining([...conversationKinds]));
  });
});

describe("random models", () => {
  test.each(encodings)("%s loads in llama.cpp with its shape", async (encoding: Encoding) => {
    const model = await load(`${encoding}.gguf`, { ...small, encoding });
    expect(model.fileInfo.metadata.llama?.block_count).toBe(2);
    expect(model.embeddingVectorSize).toBe(64);
    const header = await readGgufHeader(join(folder, `${encoding}.gguf`));
    expect(header.tensors.find(({ name }) => name === "blk.1.attn_k.weight")).toMatchObject({
      dimensions: [64, 32],
      type: encoding,
    });
  });

  test("a tied model has no head of its own", async () => {
    await load("tied.gguf", { ...small, shape: { ...shape, tied: true } });
    const { tensors } = await readGgufHeader(join(folder, "tied.gguf"));
    expect(tensors.some(({ name }) => name === "output.weight")).toBe(false);
  });

  test("equal seeds give equal bytes, other seeds other weights of the same spread", async () => {
    const paths = ["a", "b", "c"].map((name) => join(folder, `${name}.gguf`));
    for (const [index, path] of paths.entries()) await writeRandomModel(path, { ...small, seed: index === 2 ? 4 : 3 });
    const [a, b, c] = (await Promise.all(paths.map((path) => readFile(path)))) as [Buffer, Buffer, Buffer];
    expect(a.equals(b)).toBe(true);
    expect(a.equals(c)).toBe(false);
    expect((await stat(paths[2] as string)).size).toBe(a.length);
    const { dataStart } = await readGgufHeader(paths[2] as string);
    const embedding = new Float32Array(
      c.buffer.slice(c.byteOffset + dataStart, c.byteOffset + dataStart + 64 * 512 * 4),
    );
    expect(Math.sqrt(embedding.reduce((sum, x) => sum + x * x, 0) / embedding.length)).toBeCloseTo(1, 2);
  });

  test("a vocabulary too small for the 256 bytes is refused", async () => {
    await expect(writeRandomModel(join(folder, "x.gguf"), { ...small, vocabularySize: 100 })).rejects.toThrow(
      RangeError,
    );
  });
});
