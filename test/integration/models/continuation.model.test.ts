import { join } from "node:path";
import type { LlamaModel, Token } from "node-llama-cpp";
import { expect, test } from "vitest";
import { openLanguageModel, openScorer } from "../../../core/models/llama/loadedModel.ts";
import { ResponseScorer } from "../../../core/models/llama/responseScorer.ts";
import { loadCheckedModel } from "../../../core/models/llama/runtime.ts";
import { openTokenizer } from "../../../core/models/llama/tokenizer.ts";
import { f32Model } from "./fixtures.ts";

const village = join(import.meta.dirname, "../../../resources/models/village-q8_0.gguf");
const vocabularies = [
  ["spm", f32Model],
  ["gpt2", village],
] as const;

const instruction = (words: string) => `### Instruction:\n${words}\n\n### Response:\n`;
const responses = [
  "Say sorry.",
  " I keep it",
  "\n\n- one\n- two",
  "7 of 7",
  "(grüße — é)",
  "Bring it back and say sorry.",
];

test.each(vocabularies)("%s: prompt and response read as one text", async (kind, path) => {
  await using tokenizer = await openTokenizer(path);
  const prompt = instruction("May I keep it?");
  for (const response of responses) {
    const tokens = [...tokenizer.tokenize(prompt), ...tokenizer.tokenizeContinuation(response)];
    // gpt2 joins line breaks across the border, which generation cannot: the prompt's tokens stand already.
    const joins = kind === "gpt2" && response.startsWith("\n");
    if (!joins) expect(tokens, response).toEqual(tokenizer.tokenize(prompt + response));
    expect(tokenizer.detokenize(tokens).trimStart()).toBe(prompt + response);
  }
  expect(tokenizer.tokenizeContinuation("")).toEqual([]);
});

test.each(vocabularies)(
  "%s: a response that was generated is learned and scored as the tokens it was",
  async (_, path) => {
    await using tokenizer = await openTokenizer(path);
    await using scorer = await openScorer({ path, adapter: null, threads: 1 });
    const model = await openLanguageModel({ path, sequences: 1, contextSize: 256, threads: 1 });
    const { model: weights } = await loadCheckedModel(path, { threads: 1 });
    const single = await ResponseScorer.open(weights, {
      contextSize: 256,
      batchSize: 256,
      threads: 1,
      lora: null,
      controlTokens: false,
    });
    let compared = 0;
    try {
      for (const words of [
        "Say it.",
        "May I keep it?",
        "Who broke it?",
        "Whose goat is it?",
        "Tell me.",
        "Is it mine?",
      ]) {
        const query = instruction(words);
        const prompt = [weights.tokens.bos as Token, ...weights.tokenize(query)];
        const likeliest = await argMax(single, weights, prompt);
        const sampling = { temperature: 0, topP: 1, maxTokens: 1 };
        const { text } = await model.generate({ prompt: { instruction: words }, sampling, seed: 1 });
        expect(text).toBe(weights.detokenize([likeliest], false, prompt.slice(-4)));
        // A byte, or the end, is no text of its own.
        if (!/^[ -~]+$/.test(text)) continue;
        compared++;
        expect(tokenizer.tokenizeContinuation(text)).toEqual([likeliest]);
        const { tokens } = await scorer.responseLogps(query, text, { appendEos: false });
        expect([...tokens]).toEqual([likeliest]);
      }
    } finally {
      await single.dispose();
      await weights.dispose();
      await model.dispose();
    }
    expect(compared).toBeGreaterThan(1);
  },
);

async function argMax(scorer: ResponseScorer, weights: LlamaModel, prompt: readonly Token[]): Promise<Token> {
  let [best, logp] = [0 as Token, Number.NEGATIVE_INFINITY];
  for (const token of weights.iterateAllTokens()) {
    const [own = Number.NEGATIVE_INFINITY] = (await scorer.scoreTokens(prompt, [token])).logps;
    if (own > logp) [best, logp] = [token, own];
  }
  return best;
}
