/** Vocabularies that were asked for, loaded once per file as it was; the last few stay. */
import { stat } from "node:fs/promises";
import { sizesOf } from "../alignment/memory/rowSizes.ts";
import { prepareRows } from "../alignment/prepareRows.ts";
import type { AlignConfig } from "../contract/alignment.ts";
import type { RowSizes } from "../contract/rowSizes.ts";
import { openTokenizer, type VocabularyTokenizer } from "../models/llama/tokenizer.ts";
import { modelPath } from "../models/splitModel.ts";

const kept = 2;

export class Vocabularies {
  private readonly loaded = new Map<string, Promise<VocabularyTokenizer>>();

  /** Tokens of queries and of the responses after them; `bos` = the model puts one more token before a query. */
  async count(model: string, rows: readonly (readonly string[])[]): Promise<{ counts: number[][]; bos: boolean }> {
    const tokenizer = await this.get(model);
    const counts = rows.map((texts) =>
      texts.map((text, i) => (i === 0 ? tokenizer.tokenize(text) : tokenizer.tokenizeContinuation(text)).length),
    );
    return { counts, bos: tokenizer.bos !== null };
  }

  /** As a training prepares its rows. @throws as `prepareRows` */
  async rowSizes(
    config: Omit<Parameters<typeof prepareRows>[0], "maxLength"> & Pick<AlignConfig, "model">,
    signal: AbortSignal | undefined,
  ): Promise<RowSizes> {
    const uncut = { ...config, maxLength: Number.MAX_SAFE_INTEGER };
    return sizesOf(await prepareRows(uncut, await this.get(config.model), signal));
  }

  private async get(model: string): Promise<VocabularyTokenizer> {
    // The first of several files has the vocabulary.
    const file = modelPath(model);
    const key = `${file}|${(await stat(file).catch(() => null))?.mtimeMs}`;
    const known = this.loaded.get(key);
    if (known !== undefined) return known;
    const loading = openTokenizer(model);
    this.loaded.set(key, loading);
    loading.catch(() => this.loaded.delete(key));
    for (const [old, tokenizer] of [...this.loaded].slice(0, -kept)) {
      this.loaded.delete(old);
      void tokenizer.then((unused) => unused.dispose()).catch(() => undefined);
    }
    return loading;
  }
}
