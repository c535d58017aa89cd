/** What the bench trains on: a shape of the model, a question with its responses, and the work that one sample is. */
import { openTokenizer } from "../../core/models/llama/tokenizer.ts";
import { randomStream } from "../../core/random.ts";
import { model125M, type RandomModel } from "../../scripts/models/randomModel.ts";

export interface Workload {
  readonly model: RandomModel;
  readonly promptTokens: number;
  /** Tokens of every response, the best first. */
  readonly responseTokens: readonly number[];
  readonly rank: number;
}

/** The published figures' shape: 125 M parameters, rank 16 on all linears. */
export const workload125M: Workload = {
  model: model125M,
  promptTokens: 180,
  responseTokens: [120, 100, 140],
  rank: 16,
};

/** The shape of a Llama of one billion parameters, with the same question. */
export const workload1B: Workload = {
  ...workload125M,
  model: {
    ...model125M,
    shape: {
      layers: 16,
      embedding: 2048,
      heads: 32,
      kvHeads: 8,
      feedForward: 8192,
      contextLength: 4096,
      tied: false,
    },
  },
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Tokens that a sample has: the prompt once and every response; padding and prompts said twice are no use. */
export function usefulTokens({ promptTokens, responseTokens }: Workload): number {
  return promptTokens + sum(responseTokens);
}

/**
 * Arithmetic operations that a sample needs however it is done: with every weight of the frozen base one product
 * forward and one backward (2 operations each way and weight), in the blocks for the useful tokens, in the head for the
 * response tokens. Attention, the adapter and everything that is not a product are left out.
 */
export function usefulOperations(workload: Workload): number {
  const { shape, vocabularySize } = workload.model;
  const { layers, embedding, heads, kvHeads, feedForward } = shape;
  const kvWidth = (embedding / heads) * kvHeads;
  const block = 2 * embedding * embedding + 2 * embedding * kvWidth + 3 * embedding * feedForward;
  const head = embedding * vocabularySize;
  return 4 * (layers * block * usefulTokens(workload) + head * sum(workload.responseTokens));
}

/** Bytes of the logits of padded rows (prompt + longest response, one row per candidate), once, in F32. */
export function fullLogitsBytes({ model, promptTokens, responseTokens }: Workload): number {
  return 4 * model.vocabularySize * responseTokens.length * (promptTokens + Math.max(...responseTokens));
}

/** Rows in the published format whose texts have exactly so many tokens; BOS counts as one of the prompt's. */
export async function workloadRows(modelPath: string, workload: Workload, samples: number) {
  await using tokenizer = await openTokenizer(modelPath);
  const stream = randomStream(1, "bench");
  const text = (tokens: number) => {
    for (;;) {
      // Ids of whole words: behind the two special tokens and the 256 bytes.
      const ids = Array.from({ length: tokens }, () => 258 + stream.integer(workload.model.vocabularySize - 258));
      const words = tokenizer.detokenize(ids);
      if (tokenizer.tokenize(words).length === tokens) return words;
    }
  };
  return Array.from({ length: samples }, () => ({
    query: text(workload.promptTokens - (tokenizer.bos === null ? 0 : 1)),
    responses: workload.responseTokens.map(text),
    scores: workload.responseTokens.map((_, place) => 7 - place),
  }));
}
