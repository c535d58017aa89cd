/**
 * A language model for tests: what it says depends on (prompt, seed, draw) alone, and concurrent calls finish in an
 * order that has nothing to do with the order in which they were made.
 */
import type {
  Completion,
  GenerateRequest,
  LanguageModel,
  Prompt,
  RatedCompletion,
  RateRequest,
} from "../../core/models/languageModel.ts";
import { randomStream } from "../../core/random.ts";

export interface FakeOptions {
  readonly hash?: string;
  readonly contextSize?: number;
  /** Seed of the order in which calls finish. */
  readonly finishing?: number;
  /** Replaces the text of an answer; undefined keeps the default. */
  readonly answer?: (prompt: string, seed: number) => string | undefined;
  /** Replaces a rating; undefined keeps the default. */
  readonly rate?: (prompt: string, draw: number | null) => Partial<RatedCompletion> | undefined;
  /** Called when a call starts, with its number from 1. */
  readonly onCall?: (number: number, prompt: string) => void | Promise<void>;
}

interface Pending {
  release(): void;
}

export class FakeLanguageModel implements LanguageModel {
  readonly hash: string;
  readonly adapterHash = null;
  readonly contextSize: number;
  calls = 0;
  inFlight = 0;
  mostInFlight = 0;
  /** Every request in the order of arrival. */
  readonly requests: (GenerateRequest | RateRequest)[] = [];
  private readonly options: FakeOptions;
  private readonly pending: Pending[] = [];
  private readonly order;
  private scheduled = false;

  constructor(options: FakeOptions = {}) {
    this.options = options;
    this.hash = options.hash ?? "fake";
    this.contextSize = options.contextSize ?? 4096;
    this.order = randomStream(options.finishing ?? 1, "finishing");
  }

  render({ instruction, sharedInput, ownInput, responseStart }: Prompt): string {
    const input = [sharedInput, ownInput].filter((part) => part !== undefined).join("\n");
    return `### Instruction:\n${instruction}\n\n### Input:\n${input}\n\n### Response:\n${responseStart ?? ""}`;
  }

  countTokens(text: string): number {
    return text.split(/\s+/).length;
  }

  async generate(request: GenerateRequest): Promise<Completion> {
    const prompt = await this.arrive(request);
    const made = this.options.answer?.(prompt, request.seed);
    const text = made ?? ` ${words(randomStream(request.seed, prompt), 6)} `;
    return this.complete(prompt, text);
  }

  async rate(request: RateRequest): Promise<RatedCompletion> {
    const prompt = await this.arrive(request);
    const stream = randomStream(1, "rating", prompt);
    const raw = Array.from({ length: 7 }, () => stream.uniform() ** 3 + 0.01);
    const total = raw.reduce((sum, value) => sum + value, 0);
    const probabilities = raw.map((value) => value / total);
    const rating = pick(probabilities, request.draw);
    const reason = words(randomStream(request.seed, prompt, "reason"), 4);
    return {
      ...this.complete(prompt, `${rating} ### Reason: ${reason}`),
      rating,
      probabilities,
      reason,
      ...this.options.rate?.(prompt, request.draw),
    };
  }

  responseLogps(): Promise<never> {
    return Promise.reject(new Error("The society asks for no log-probabilities."));
  }

  async dispose(): Promise<void> {}

  private async arrive(request: GenerateRequest): Promise<string> {
    const prompt = this.render(request.prompt);
    this.requests.push(request);
    this.calls++;
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.options.onCall?.(this.calls, prompt);
      await this.turn(request.signal);
    } finally {
      this.inFlight--;
    }
    return prompt;
  }

  /** Waits in a pool from which calls are released one by one at random. */
  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(new DOMException("aborted", "AbortError"));
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      const release = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      this.pending.push({ release });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.pending.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.pending.splice(this.order.integer(this.pending.length), 1)[0]?.release();
      this.schedule();
    });
  }

  private complete(prompt: string, text: string): Completion {
    const [promptTokens, completionTokens] = [this.countTokens(prompt), this.countTokens(text)];
    return { prompt, text, promptTokens, completionTokens, stopReason: "end" };
  }
}

function pick(probabilities: readonly number[], draw: number | null): number {
  if (draw === null) return probabilities.indexOf(Math.max(...probabilities)) + 1;
  let left = draw;
  for (const [i, probability] of probabilities.entries()) {
    left -= probability;
    if (left < 0) return i + 1;
  }
  return probabilities.length;
}

const vocabulary = [
  "return",
  "keep",
  "purse",
  "neighbour",
  "window",
  "share",
  "harvest",
  "ask",
  "tell",
  "hide",
  "mend",
];

function words(stream: ReturnType<typeof randomStream>, count: number): string {
  return Array.from({ length: count }, () => vocabulary[stream.integer(vocabulary.length)]).join(" ");
}
