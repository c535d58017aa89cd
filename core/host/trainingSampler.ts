/** Texts of base and adapter while a training runs: the weights are loaded once, an adapter for one look only. */
import type { Sampler } from "../alignment/samples.ts";
import { type LoadedModel, type LoadOptions, loadModel } from "../models/llama/loadedModel.ts";

export class TrainingSampler implements Sampler, AsyncDisposable {
  private readonly options: Pick<LoadOptions, "path" | "threads" | "contextSize">;
  private loading: Promise<LoadedModel> | null = null;

  /** Loads nothing yet. */
  constructor(options: Pick<LoadOptions, "path" | "threads" | "contextSize">) {
    this.options = options;
  }

  async sample(
    adapter: string | null,
    prompts: readonly string[],
    { maxTokens, signal }: { readonly maxTokens: number; readonly signal: AbortSignal | undefined },
  ): Promise<string[]> {
    this.loading ??= loadModel({ ...this.options, sequences: prompts.length });
    const speaker = await (await this.loading).speak(adapter);
    try {
      const sampling = { temperature: 0, topP: 1, maxTokens };
      const spoken = prompts.map((instruction) =>
        speaker.generate({ prompt: { instruction }, sampling, seed: 1, ...(signal === undefined ? {} : { signal }) }),
      );
      // All of them: a context is not given back while one still decodes in it.
      const ended = await Promise.allSettled(spoken);
      return ended.map((result) => {
        if (result.status === "rejected") throw result.reason;
        return result.value.text.trim();
      });
    } finally {
      await speaker.dispose();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.loading?.catch(() => null))?.dispose();
  }
}
