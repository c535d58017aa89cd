/** The LanguageModel port over one context of node-llama-cpp. */
import type { LlamaContext, LlamaModel, Token } from "node-llama-cpp";
import { FolkmootError } from "../../contract/errors.ts";
import { reasonDelimiter } from "../../society/prompts.ts";
import type {
  Completion,
  GenerateRequest,
  LanguageModel,
  Prompt,
  RatedCompletion,
  RateRequest,
  ResponseLogps,
} from "../languageModel.ts";
import type { PromptFormatter } from "../promptFormat.ts";
import { type GenerateSettings, generateScript, type PromptTokens, rateScript } from "./callScripts.ts";
import type { ResponseScorer } from "./responseScorer.ts";
import type { BatchScheduler } from "./scheduler.ts";
import { beginToken, detokenize, tokenizeContinuation, tokenizeText } from "./tokenizer.ts";

export interface LlamaLanguageModelParts {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly scheduler: BatchScheduler;
  readonly formatter: PromptFormatter;
  readonly promptChunk: number;
  readonly hash: string;
  readonly adapterHash: string | null;
  /** Opened at the first score: it has a context of its own. */
  readonly openScorer: () => Promise<ResponseScorer>;
  readonly onDisposed: () => Promise<void>;
}

export class LlamaLanguageModel implements LanguageModel {
  readonly hash: string;
  readonly adapterHash: string | null;
  private readonly parts: LlamaLanguageModelParts;
  private scorer: Promise<ResponseScorer> | null = null;
  private digits: readonly Token[] | null = null;
  private disposed: Promise<void> | null = null;

  constructor(parts: LlamaLanguageModelParts) {
    this.parts = parts;
    this.hash = parts.hash;
    this.adapterHash = parts.adapterHash;
  }

  get contextSize(): number {
    return this.parts.context.contextSize;
  }

  render(prompt: Prompt): string {
    const { shared, own } = this.parts.formatter.render(prompt);
    return shared + own;
  }

  countTokens(text: string): number {
    return tokenizeText(this.parts.model, text, this.parts.formatter.controlTokens).length;
  }

  async generate(request: GenerateRequest): Promise<Completion> {
    this.refuseDisposed();
    const prompt = this.promptTokens(request.prompt);
    this.checkFits(prompt, 1);
    const steps = generateScript(prompt, this.settings(request));
    return this.parts.scheduler.run({ shared: prompt.shared, steps, signal: request.signal });
  }

  async rate(request: RateRequest): Promise<RatedCompletion> {
    this.refuseDisposed();
    const prompt = this.promptTokens(request.prompt);
    const reasonStart = tokenizeContinuation(this.parts.model, reasonDelimiter, false);
    this.checkFits(prompt, 2 + reasonStart.length);
    const steps = rateScript(prompt, {
      ...this.settings(request),
      digits: this.digitTokens(),
      reasonStart,
      draw: request.draw,
    });
    return this.parts.scheduler.run({ shared: prompt.shared, steps, signal: request.signal });
  }

  async responseLogps(query: string, response: string, options: { appendEos: boolean }): Promise<ResponseLogps> {
    this.refuseDisposed();
    this.scorer ??= this.parts.openScorer();
    return (await this.scorer).score(query, response, options);
  }

  /** Rejects the calls in flight, then frees contexts; the weights are their owner's. */
  dispose(): Promise<void> {
    this.disposed ??= this.disposeParts();
    return this.disposed;
  }

  private refuseDisposed(): void {
    if (this.disposed === null) return;
    throw new FolkmootError("cancelled", { message: "The model was unloaded.", action: "Load it again." });
  }

  private async disposeParts(): Promise<void> {
    await this.parts.scheduler.dispose();
    const scorer = await this.scorer?.catch(() => null);
    await scorer?.dispose();
    await this.parts.context.dispose();
    await this.parts.onDisposed();
  }

  /**
   * Shared and own text are tokenized apart, whether or not anybody shares: so the tokens, and with them the
   * completion, never depend on which other calls there are.
   */
  private promptTokens(prompt: Prompt): PromptTokens {
    const { model, formatter } = this.parts;
    const { shared, own } = formatter.render(prompt);
    const bos = beginToken(model);
    const begin = bos === null ? [] : [bos];
    const special = formatter.controlTokens;
    if (shared === "") return { text: own, shared: [], own: [...begin, ...tokenizeText(model, own, special)] };
    return {
      text: shared + own,
      shared: [...begin, ...tokenizeText(model, shared, special)],
      own: tokenizeContinuation(model, own, special),
    };
  }

  /** node-llama-cpp would drop the oldest tokens without a word. */
  private checkFits(prompt: PromptTokens, least: number): void {
    const count = prompt.shared.length + prompt.own.length;
    if (prompt.own.length > 0 && count + least <= this.contextSize) return;
    throw new FolkmootError("bad-input", {
      message: `The prompt has ${count} tokens, the context holds ${this.contextSize} and needs room for ${least} more.`,
      reason: count === 0 ? "The prompt is empty." : "Question, memory or feedback are too long for this context.",
      action: "Give the model a larger context (--context-length), or shorten the texts.",
      details: { promptTokens: count, contextSize: this.contextSize },
    });
  }

  private settings(request: GenerateRequest): GenerateSettings {
    const { model, promptChunk } = this.parts;
    return {
      sampling: request.sampling,
      seed: request.seed,
      stop: (request.stop ?? []).filter((text) => text !== ""),
      contextSize: this.contextSize,
      promptChunk,
      onText: request.onText,
      detokenize: (tokens, before) => detokenize(model, tokens, before),
    };
  }

  private digitTokens(): readonly Token[] {
    this.digits ??= ["1", "2", "3", "4", "5", "6", "7"].map((digit) => {
      const [token, ...more] = tokenizeContinuation(this.parts.model, digit, false);
      if (token !== undefined && more.length === 0) return token;
      throw new FolkmootError("model-unsupported", {
        message: `This model cannot rate: it writes the digit ${digit} with more than one token.`,
        action: "Choose another model for agents and observers.",
      });
    });
    return this.digits;
  }
}
