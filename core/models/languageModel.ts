/**
 * The port through which the society, the evaluation and the exports' proofs speak to a model. Implemented by
 * `llama/` (node-llama-cpp) and, in tests, by fakes. Nothing here names a runtime.
 */
import type { Sampling } from "../contract/society.ts";

/**
 * A prompt as structure; the model's format (template or chat) turns it into text.
 * What several calls share stands first, so that it is evaluated once.
 */
export interface Prompt {
  readonly instruction: string;
  /** Input that calls of one group have in common (question, draft). */
  readonly sharedInput?: string;
  /** Input of this call alone (the rater's identity and memory); follows `sharedInput` on a new line. */
  readonly ownInput?: string;
  /** Text that the response is made to begin with. */
  readonly responseStart?: string;
}

export interface GenerateRequest {
  readonly prompt: Prompt;
  readonly sampling: Sampling;
  /** Unsigned 32 bits. Equal requests with equal seeds give equal text. */
  readonly seed: number;
  /** The completion ends before the first of these; default none. End-of-generation tokens always end it. */
  readonly stop?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told the text so far while it grows; only whole characters. */
  readonly onText?: (text: string) => void;
}

export interface Completion {
  /** The exact text that was evaluated, prompt without BOS. */
  readonly prompt: string;
  /** As generated, stop string excluded, not trimmed. */
  readonly text: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly stopReason: "end" | "stop" | "length";
}

/** A constrained choice among the seven digits after `prompt.responseStart`, then a free reason after ` ### Reason:`. */
export interface RateRequest extends GenerateRequest {
  /** In [0, 1): picks the digit from the seven probabilities at the sampling temperature; null takes the arg-max. */
  readonly draw: number | null;
}

export interface RatedCompletion extends Completion {
  readonly rating: number | null;
  /** softmax over the seven digit logits at temperature 1; index 0 = rating 1. */
  readonly probabilities: readonly number[] | null;
  /** Trimmed. */
  readonly reason: string;
}

/** Natural-log probabilities of every response token after the rendered prompt text. */
export interface ResponseLogps {
  readonly tokens: readonly number[];
  readonly logps: readonly number[];
}

export interface LanguageModel {
  /** SHA-256 of the GGUF. */
  readonly hash: string;
  /** SHA-256 of the adapter, or null. */
  readonly adapterHash: string | null;
  /** Tokens per sequence. */
  readonly contextSize: number;
  /** The text that a prompt becomes; the same that `Completion.prompt` reports. */
  render(prompt: Prompt): string;
  countTokens(text: string): number;
  generate(request: GenerateRequest): Promise<Completion>;
  rate(request: RateRequest): Promise<RatedCompletion>;
  /** Teacher-forced log-probabilities, adapter applied. `query` is rendered text; see definitions.md "Tokens". */
  responseLogps(query: string, response: string, options: { appendEos: boolean }): Promise<ResponseLogps>;
  dispose(): Promise<void>;
}
