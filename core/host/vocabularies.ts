/** Vocabularies that were asked for, loaded once per file as it was; the last few stay, and each while it is in use. */
import { stat } from "node:fs/promises";
import { sizesOf } from "../alignment/memory/rowSizes.ts";
import { prepareRows } from "../alignment/prepareRows.ts";
import type { AlignConfig } from "../contract/alignment.ts";
import type { RowSizes } from "../contract/rowSizes.ts";
import { openTokenizer, type VocabularyTokenizer } from "../models/llama/tokenizer.ts";
import { modelPath } from "../models/splitModel.ts";

const kept = 2;

interface Held {
  readonly loading: Promise<VocabularyTokenizer>;
  /** Calls that work with it. */
  users: number;
}

export class Vocabularies {
  private readonly open: (model: string) => Promise<VocabularyTokenizer>;
  /** The one that was asked for last comes last. */
  private readonly held = new Map<string, Held>();

  /** @param open default: the vocabulary of a model file */
  constructor(open: (model: string) => Promise<VocabularyTokenizer> = openTokenizer) {
    this.open = open;
  }

  /** Tokens of queries and of the responses after them; `bos` = the model puts one more token before a query. */
  async count(model: string, rows: readonly (readonly string[])[]): Promise<{ counts: number[][]; bos: boolean }> {
    return this.with(model, async (tokenizer) => {
      const counts = rows.map((texts) =>
        texts.map((text, i) => (i === 0 ? tokenizer.tokenize(text) : tokenizer.tokenizeContinuation(text)).length),
      );
      return { counts, bos: tokenizer.bos !== null };
    });
  }

  /** As a training prepares its rows. @throws as `prepareRows` */
  async rowSizes(
    config: Omit<Parameters<typeof prepareRows>[0], "maxLength"> & Pick<AlignConfig, "model">,
    signal: AbortSignal | undefined,
  ): Promise<RowSizes> {
    const uncut = { ...config, maxLength: Number.MAX_SAFE_INTEGER };
    return this.with(config.model, async (tokenizer) => sizesOf(await prepareRows(uncut, tokenizer, signal)));
  }

  private async with<Result>(
    model: string,
    work: (tokenizer: VocabularyTokenizer) => Promise<Result>,
  ): Promise<Result> {
    // The first of several files has the vocabulary.
    const file = modelPath(model);
    const key = `${file}|${(await stat(file).catch(() => null))?.mtimeMs}`;
    const held = this.held.get(key) ?? { loading: this.open(model), users: 0 };
    this.held.delete(key);
    this.held.set(key, held);
    held.users++;
    try {
      return await work(await held.loading);
    } catch (error) {
      // One that cannot be loaded is read again the next time.
      await held.loading.catch(() => this.forget(key, held));
      throw error;
    } finally {
      held.users--;
      this.disposeUnused();
    }
  }

  /** All but the last few that nobody works with. */
  private disposeUnused(): void {
    for (const [key, held] of [...this.held].slice(0, -kept)) {
      if (held.users > 0) continue;
      this.forget(key, held);
      void held.loading.then((unused) => unused.dispose()).catch(() => undefined);
    }
  }

  private forget(key: string, held: Held): void {
    if (this.held.get(key) === held) this.held.delete(key);
  }
}
