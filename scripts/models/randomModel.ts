/** Models of any shape with random weights, for benches and tests. They speak nonsense, but everything works. */
import type { Encoding } from "../../core/models/tensorEncoding.ts";
import { type LlamaShape, writeLlamaFile } from "./llamaFile.ts";
import { linearDeviation, uniformRows } from "./randomWeights.ts";
import { buildVocabulary, type Vocabulary } from "./vocabulary.ts";

export interface RandomModel {
  readonly shape: LlamaShape;
  /** Tokens; at least 288. */
  readonly vocabularySize: number;
  readonly encoding: Encoding;
  readonly seed: number;
}

/** 125 M parameters: the shape that the training figures are quoted for. */
export const model125M: RandomModel = {
  shape: {
    layers: 12,
    embedding: 768,
    heads: 12,
    kvHeads: 4,
    feedForward: 2048,
    contextLength: 2048,
    tied: false,
  },
  vocabularySize: 32_000,
  encoding: "Q8_0",
  seed: 1,
};

/** Spread of the logits, so that sampling is neither uniform nor certain. */
const logitDeviation = 3;

/** @throws FolkmootError `bad-input` where shape and encoding do not fit; RangeError for a vocabulary below 288. */
export async function writeRandomModel(
  path: string,
  { shape, vocabularySize, encoding, seed }: RandomModel,
  words: Iterable<string> = [],
): Promise<void> {
  await writeLlamaFile(path, {
    name: "random",
    shape,
    vocabulary: wordVocabulary(words, vocabularySize),
    encoding,
    rows: (matrix) => uniformRows(seed, matrix, deviation(matrix.name, shape) ?? linearDeviation(matrix, shape)),
  });
}

/** Null for the linears of the blocks. */
function deviation(name: string, { embedding, tied }: LlamaShape): number | null {
  if (name === "output.weight" || (tied && name === "token_embd.weight")) return logitDeviation / Math.sqrt(embedding);
  return name === "token_embd.weight" ? 1 : null;
}

/** The pieces of `words` first, then made-up words of syllables until the vocabulary is full. */
function wordVocabulary(words: Iterable<string>, size: number): Vocabulary {
  const vocabulary = buildVocabulary(madeUpWords(words, size), size);
  if (vocabulary.tokens.length !== size)
    throw new RangeError(`a vocabulary of ${size} tokens is too small for the bytes and the words`);
  return vocabulary;
}

function* madeUpWords(words: Iterable<string>, count: number): Generator<string> {
  yield* words;
  const syllables = [..."bdfgklmnprstvz"].flatMap((consonant) => [..."aeiou"].map((vowel) => consonant + vowel));
  const { length } = syllables;
  for (let i = 0; i < count; i++) {
    const [first, second, third] = [i % length, Math.floor(i / length) % length, Math.floor(i / length ** 2)];
    yield ` ${syllables[first]}${syllables[second]}${third === 0 ? "" : syllables[third]}`;
  }
}
