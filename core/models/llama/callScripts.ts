/** The steps of a call: pure generators, which the scheduler walks through and answers. */
import type { Token } from "node-llama-cpp";
import type { Sampling } from "../../contract/society.ts";
import type { Completion, RatedCompletion } from "../languageModel.ts";
import { choose, softmax } from "./ratingChoice.ts";
import { noNumbers } from "./responseScorer.ts";
import type { Answer, Step } from "./slot.ts";

export interface PromptTokens {
  /** The exact text, without the beginning-of-sequence token. */
  readonly text: string;
  readonly shared: readonly Token[];
  /** Everything after `shared`; at least one token. */
  readonly own: readonly Token[];
}

export interface GenerateSettings {
  readonly sampling: Sampling;
  readonly seed: number;
  readonly stop: readonly string[];
  /** Tokens that one sequence holds. */
  readonly contextSize: number;
  readonly promptChunk: number;
  readonly detokenize: (tokens: readonly Token[], before: readonly Token[]) => string;
  readonly onText?: ((text: string) => void) | undefined;
}

export interface RateSettings extends GenerateSettings {
  /** The tokens of the digits 1 to 7. */
  readonly digits: readonly Token[];
  readonly reasonStart: readonly Token[];
  readonly draw: number | null;
}

type Script<Result> = Generator<Step, Result, Answer>;

export function* generateScript(prompt: PromptTokens, settings: GenerateSettings): Script<Completion> {
  const promptTokens = prompt.shared.length + prompt.own.length;
  const { tokens, text, stopReason } = yield* continueFrom(prompt.own, prompt.own, promptTokens, settings);
  return { prompt: prompt.text, text, promptTokens, completionTokens: tokens, stopReason };
}

/** The digit from the seven logits after the prompt, the delimiter as it stands, then the reason. */
export function* rateScript(prompt: PromptTokens, settings: RateSettings): Script<RatedCompletion> {
  const { digits, reasonStart, draw, sampling } = settings;
  const chunks = chunked(prompt.own, settings.promptChunk);
  const last = chunks.pop() ?? [];
  for (const tokens of chunks) yield { kind: "prompt", tokens };
  const logits = (yield { kind: "prompt", tokens: last, read: digits }) as ReadonlyMap<Token, number>;
  const values = digits.map((digit) => logits.get(digit) ?? Number.NaN);
  if (!values.every(Number.isFinite)) throw noNumbers();
  const index = choose(values, sampling.temperature, draw);
  const promptTokens = prompt.shared.length + prompt.own.length;
  const forced = [digits[index] as Token, ...reasonStart];
  const { tokens, text, stopReason } = yield* continueFrom(
    forced,
    [...prompt.own, ...forced],
    promptTokens + forced.length,
    settings,
  );
  return {
    prompt: prompt.text,
    text: settings.detokenize(forced, prompt.own) + text,
    promptTokens,
    completionTokens: forced.length + tokens,
    stopReason,
    rating: index + 1,
    probabilities: softmax(values),
    reason: text.trim(),
  };
}

interface Continuation {
  /** Tokens that were generated. */
  readonly tokens: number;
  /** Stop string excluded. */
  readonly text: string;
  readonly stopReason: Completion["stopReason"];
}

/**
 * Evaluates `tokens`, then samples until the model ends, a stop string appears, `maxTokens` are there or the context
 * is full. `held` counts the tokens in the sequence once `tokens` are evaluated.
 */
function* continueFrom(
  tokens: readonly Token[],
  before: readonly Token[],
  held: number,
  { sampling, seed, stop, contextSize, promptChunk, detokenize, onText }: GenerateSettings,
): Script<Continuation> {
  const most = Math.min(sampling.maxTokens, contextSize - held);
  const chunks = chunked(tokens, promptChunk);
  const last = chunks.pop() ?? [];
  for (const chunk of chunks) yield { kind: "prompt", tokens: chunk };
  const generated: Token[] = [];
  let next = (yield { kind: "first", tokens: last, sampling, seed }) as Token | null;
  while (next !== null) {
    generated.push(next);
    if (stop.length > 0 || onText !== undefined) {
      const text = detokenize(generated, before);
      const end = firstStop(text, stop);
      if (end !== null) return { tokens: generated.length, text: text.slice(0, end), stopReason: "stop" };
      // A token may hold a part of a character; the next one completes it.
      if (!text.endsWith("\uFFFD")) onText?.(text);
    }
    if (generated.length >= most)
      return { tokens: generated.length, text: detokenize(generated, before), stopReason: "length" };
    next = (yield { kind: "next" }) as Token | null;
  }
  return { tokens: generated.length, text: detokenize(generated, before), stopReason: "end" };
}

function firstStop(text: string, stop: readonly string[]): number | null {
  const ends = stop.map((end) => text.indexOf(end)).filter((at) => at >= 0);
  return ends.length === 0 ? null : Math.min(...ends);
}

function chunked(tokens: readonly Token[], size: number): (readonly Token[])[] {
  const chunks: (readonly Token[])[] = [];
  for (let at = 0; at < tokens.length; at += size) chunks.push(tokens.slice(at, at + size));
  return chunks;
}
