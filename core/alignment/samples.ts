/** Texts of base and tuned model side by side on prompts that stay the same: samples.jsonl of a run. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AlignConfig, type SampleLine, sampleLine } from "../contract/alignment.ts";
import type { EmitEvent } from "../contract/events.ts";
import { writeFileAtomic } from "../workspace/atomicFile.ts";
import { Journal, readJournal } from "../workspace/journal.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";

export const samplesFileName = "samples.jsonl";
const adapterFileName = "samples-adapter.gguf";

/** Speaks for the model; given by the host, since the trainer's forward pass cannot generate. */
export interface Sampler {
  /**
   * One text per prompt, the likeliest token at a time: what changes between two looks is the model alone.
   * @param adapter path of an adapter GGUF; null = the base
   */
  sample(
    adapter: string | null,
    prompts: readonly string[],
    options: { readonly maxTokens: number; readonly signal: AbortSignal | undefined },
  ): Promise<readonly string[]>;
}

export interface SamplesParts {
  readonly directory: string;
  readonly settings: AlignConfig["samples"];
  readonly sampler: Sampler;
  readonly trainer: Pick<NativeTrainer, "saveAdapter">;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal | undefined;
}

export class Samples implements AsyncDisposable {
  private readonly parts: SamplesParts;
  private readonly journal: Journal<SampleLine>;
  private base: readonly string[] | null;
  private readonly done: Set<number>;
  private hasFailed = false;

  private constructor(parts: SamplesParts, journal: Journal<SampleLine>, lines: readonly SampleLine[]) {
    this.parts = parts;
    this.journal = journal;
    this.base = lines[0]?.samples.map(({ base }) => base) ?? null;
    this.done = new Set(lines.map(({ step }) => step));
  }

  /** Opens the run's samples, cut back to what was there at `step`. */
  static async open(parts: SamplesParts, step: number): Promise<Samples> {
    const path = join(parts.directory, samplesFileName);
    const lines = await readSamples(parts.directory);
    const kept = lines.filter((line) => line.step <= step);
    if (kept.length < lines.length)
      await writeFileAtomic(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return new Samples(parts, await Journal.open(path, sampleLine), kept);
  }

  /**
   * Looks before the first step and at every multiple of `every`, once each. What goes wrong costs the texts, never the
   * training: it is said once and no further look is taken.
   * @throws cancelled
   */
  async takeWhenDue(step: number): Promise<void> {
    const { settings, emit, signal } = this.parts;
    if (this.hasFailed || step % settings.every !== 0 || this.done.has(step)) return;
    try {
      await this.take(step);
    } catch (error) {
      signal?.throwIfAborted();
      this.hasFailed = true;
      emit({ type: "warning", message: `No more samples of this run: ${(error as Error).message}` });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
    await rm(join(this.parts.directory, adapterFileName), { force: true });
  }

  private async take(step: number): Promise<void> {
    const { directory, settings, sampler, trainer, emit, signal } = this.parts;
    const { prompts, maxTokens } = settings;
    const options = { maxTokens, signal };
    const say = (done: number) =>
      emit({
        ...{ type: "progress", stage: "samples", done, total: prompts.length, unit: "texts" },
        ...{ rate: null, secondsLeft: null },
      });
    say(0);
    this.base ??= await sampler.sample(null, prompts, options);
    let tuned: readonly string[] | null = null;
    if (step > 0) {
      const adapter = join(directory, adapterFileName);
      await trainer.saveAdapter(adapter);
      tuned = await sampler.sample(adapter, prompts, options);
    }
    const base = this.base;
    const samples = prompts.map((prompt, i) => ({ prompt, base: base[i] ?? "", tuned: tuned?.[i] ?? null }));
    await this.journal.append([{ step, samples }]);
    this.done.add(step);
    say(prompts.length);
  }
}

/** All looks of a run so far, oldest first; empty without any. */
export async function readSamples(directory: string): Promise<SampleLine[]> {
  const lines: SampleLine[] = [];
  for await (const line of readJournal(join(directory, samplesFileName), sampleLine)) lines.push(line);
  return lines;
}
