/** One sequence of a context: what it holds, and the steps that can be evaluated on it. */
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { Sampling } from "../../contract/society.ts";
import { copyPrefix } from "./internals.ts";

/** One step of a call. Chunks of prompt are at most `promptChunk` tokens. */
export type Step =
  /** Evaluates prompt tokens; with `read`, answers the logits of those tokens after the last one. */
  | { readonly kind: "prompt"; readonly tokens: readonly Token[]; readonly read?: readonly Token[] }
  /** Evaluates prompt tokens and samples the first token after them. */
  | { readonly kind: "first"; readonly tokens: readonly Token[]; readonly sampling: Sampling; readonly seed: number }
  /** Evaluates the token sampled last and samples the next. */
  | { readonly kind: "next" };

/** Logits for `prompt` with `read`, a token (null = end of generation) for `first` and `next`. */
export type Answer = ReadonlyMap<Token, number> | Token | null;

export class Slot {
  readonly sequence: LlamaContextSequence;
  /** Passed through node-llama-cpp as the priority of an evaluation, to know whose it is. */
  readonly ticket: number;
  /** The shared prompt that stands at the start of the sequence, completely evaluated; null = none. */
  prefix: { readonly key: string; readonly length: number } | null = null;
  private sampled: AsyncGenerator<Token, void> | null = null;

  constructor(sequence: LlamaContextSequence, ticket: number) {
    this.sequence = sequence;
    this.ticket = ticket;
  }

  get tokensAfterPrefix(): number {
    return this.sequence.nextTokenIndex - (this.prefix?.length ?? 0);
  }

  async clear(): Promise<void> {
    this.prefix = null;
    await this.stopSampling();
    await this.sequence.clearHistory();
  }

  /** Cuts everything behind the shared prompt. */
  async cutToPrefix(): Promise<void> {
    await this.stopSampling();
    const start = this.prefix?.length ?? 0;
    if (this.sequence.nextTokenIndex > start)
      await this.sequence.eraseContextTokenRanges([{ start, end: this.sequence.nextTokenIndex }]);
  }

  /** Takes the shared prompt over from another slot; false leaves this one empty. */
  async takePrefix(source: Slot): Promise<boolean> {
    await this.stopSampling();
    const { prefix } = source;
    const taken = prefix !== null && (await copyPrefix(this.sequence, source.sequence, prefix.length));
    if (!taken) await this.clear();
    else this.prefix = prefix;
    return taken;
  }

  async perform(step: Step): Promise<Answer> {
    if (step.kind === "prompt") return this.evaluate(step.tokens, step.read);
    if (step.kind === "first") {
      await this.stopSampling();
      this.sampled = this.sequence.evaluate([...step.tokens], {
        temperature: step.sampling.temperature,
        topP: step.sampling.topP,
        minP: 0,
        // Undefined would mean 40, and 0 sorts the whole vocabulary for nothing; null leaves the sampler out.
        topK: null as unknown as number,
        seed: step.seed,
        evaluationPriority: this.ticket as 1,
      });
    }
    const next = await this.sampled?.next();
    return next === undefined || next.done === true ? null : next.value;
  }

  async stopSampling(): Promise<void> {
    const { sampled } = this;
    this.sampled = null;
    await sampled?.return();
  }

  private async evaluate(tokens: readonly Token[], read: readonly Token[] = []): Promise<Answer> {
    const last = tokens.at(-1);
    if (last === undefined) return null;
    if (read.length === 0) {
      await this.sequence.evaluateWithoutGeneratingNewTokens([...tokens], { evaluationPriority: this.ticket as 1 });
      return null;
    }
    const results = await this.sequence.controlledEvaluate(
      [...tokens.slice(0, -1), [last, { generateNext: { logits: { filter: { tokens: [...read] } } } }]],
      { evaluationPriority: this.ticket as 1 },
    );
    return results.at(-1)?.next.logits ?? new Map();
  }
}
