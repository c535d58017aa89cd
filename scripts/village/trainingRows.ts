/** Groups of conversations as rows for the trainer: what all prompts begin with is evaluated once. */
import type { TokenRow } from "../../core/alignment/nativeTrainer.ts";
import type { Prompt } from "../../core/models/languageModel.ts";
import { tokenize, type Vocabulary } from "../models/vocabulary.ts";
import type { ConversationGroup, ConversationKind } from "./conversations.ts";

export interface TrainingRow extends TokenRow {
  readonly kind: ConversationKind;
  /** Of every token of every response of `TokenRow`; they sum to 1. */
  readonly weights: readonly (readonly number[])[];
  /** Tokens that belong to the prompt, at the beginning of every response. */
  readonly promptTokens: readonly number[];
  readonly tokens: number;
}

export interface TokenWeights {
  readonly promptWeight: number;
  readonly decisionWeight: number;
}

/** Their first response token decides what follows: a rating's digit, the tone that a memory asks for. */
const decided: ReadonlySet<ConversationKind> = new Set(["rating", "peer", "engagement", "recall"]);

/** @param render a prompt as the model reads it, without BOS */
export function trainingRow(
  { kind, conversations }: ConversationGroup,
  vocabulary: Vocabulary,
  render: (prompt: Prompt) => string,
  { promptWeight, decisionWeight }: TokenWeights,
): TrainingRow {
  const whole = conversations.map(({ prompt, response }) => ({
    prompt: [vocabulary.bos, ...tokenize(render(prompt), vocabulary)],
    response: [...tokenize(response, vocabulary), vocabulary.eos],
  }));
  const shared = commonStart(whole.map(({ prompt }) => prompt));
  const responses = whole.map(({ prompt, response }) => [...prompt.slice(shared), ...response]);
  const promptTokens = whole.map(({ prompt }) => prompt.length - shared);
  const weights = responses.map((tokens, i) => {
    const first = promptTokens[i] as number;
    return tokens.map((_, at) => (at < first ? promptWeight : at === first && decided.has(kind) ? decisionWeight : 1));
  });
  const sum = weights.flat().reduce((total, weight) => total + weight, 0);
  return {
    kind,
    query: (whole[0] as (typeof whole)[0]).prompt.slice(0, shared),
    responses,
    weights: weights.map((row) => row.map((weight) => weight / sum)),
    promptTokens,
    tokens: responses.reduce((total, tokens) => total + tokens.length, shared),
  };
}

/** Length of the longest beginning that all lists have. */
function commonStart(lists: readonly (readonly number[])[]): number {
  const [first = [], ...others] = lists;
  let length = 0;
  while (length < first.length && others.every((list) => list[length] === first[length])) length++;
  return length;
}

/** Mean negative log-likelihood of the responses alone, nats per token. */
export function responseLoss(logps: readonly (readonly number[])[], { promptTokens }: TrainingRow): number {
  const own = logps.flatMap((row, i) => row.slice(promptTokens[i]));
  return -own.reduce((sum, logp) => sum + logp, 0) / own.length;
}
