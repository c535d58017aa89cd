/** A LanguageModel whose texts depend on (prompt, seed) alone and which finishes in random order. */
import { setTimeout } from "node:timers/promises";
import type {
  Completion,
  GenerateRequest,
  LanguageModel,
  Prompt,
  RatedCompletion,
  RateRequest,
  ResponseLogps,
} from "../../../core/models/languageModel.ts";

export interface FakeAnswers {
  answer(prompt: Prompt, seed: number): string;
  rating?(prompt: Prompt): number | null;
  /** Called before every call; may throw or abort. */
  before?(call: number): void;
}

export class FakeModel implements LanguageModel {
  readonly hash = "model";
  readonly adapterHash = null;
  readonly contextSize = 512;
  readonly generated: GenerateRequest[] = [];
  readonly rated: RateRequest[] = [];
  running = 0;
  mostRunning = 0;
  private calls = 0;
  private readonly answers: FakeAnswers;

  constructor(answers: FakeAnswers) {
    this.answers = answers;
  }

  render({ instruction, sharedInput }: Prompt): string {
    return `${instruction}\n${sharedInput ?? ""}`;
  }

  countTokens(text: string): number {
    return text.split(" ").length;
  }

  async generate(request: GenerateRequest): Promise<Completion> {
    this.generated.push(request);
    await this.turn(request.signal);
    return this.completion(request.prompt, this.answers.answer(request.prompt, request.seed));
  }

  async rate(request: RateRequest): Promise<RatedCompletion> {
    this.rated.push(request);
    await this.turn(request.signal);
    const rating = this.answers.rating?.(request.prompt) ?? null;
    const probabilities = rating === null ? null : Array.from({ length: 7 }, (_, i) => (i + 1 === rating ? 1 : 0));
    return { ...this.completion(request.prompt, `${rating} ### Reason: so`), rating, probabilities, reason: "so" };
  }

  async responseLogps(): Promise<ResponseLogps> {
    throw new Error("not asked for here");
  }

  async dispose(): Promise<void> {}

  private async turn(signal: AbortSignal | undefined): Promise<void> {
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      this.answers.before?.(++this.calls);
      await setTimeout(Math.random() * 3, undefined, { signal });
    } finally {
      this.running--;
    }
  }

  private completion(prompt: Prompt, text: string): Completion {
    const counts = { promptTokens: 5, completionTokens: text.split(" ").length };
    return { prompt: this.render(prompt), text, ...counts, stopReason: "end" };
  }
}
