/** From text to tokens and back with a model's own vocabulary. */
import type { LlamaModel, Token } from "node-llama-cpp";
import { loadCheckedModel } from "./runtime.ts";

/** What training needs of a model file: only its vocabulary is loaded. */
export interface VocabularyTokenizer extends AsyncDisposable {
  /** Text by itself, without tokens at its ends; texts of control tokens are text like any other. */
  tokenize(text: string): number[];
  detokenize(tokens: readonly number[]): string;
  /** Beginning-of-sequence token, null when the GGUF says that none is added. */
  readonly bos: number | null;
  readonly eos: number | null;
  readonly vocabulary: number;
  dispose(): Promise<void>;
}

/**
 * Loads the vocabulary of a GGUF, not its weights.
 *
 * @throws FolkmootError as `loadCheckedModel`.
 */
export async function openTokenizer(path: string): Promise<VocabularyTokenizer> {
  const { model } = await loadCheckedModel(path, { threads: 1, vocabOnly: true });
  const dispose = () => model.dispose();
  return {
    tokenize: (text) => tokenizeText(model, text, false),
    detokenize: (tokens) => detokenize(model, tokens as Token[]),
    bos: beginToken(model),
    eos: model.tokens.eos,
    vocabulary: vocabularySize(model),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Tokens of a text that stands by itself. */
export function tokenizeText(model: LlamaModel, text: string, special: boolean): Token[] {
  return model.tokenize(text, special);
}

/** Tokens of a text that follows other tokens: without the blank that SPM vocabularies put before a text. */
export function tokenizeContinuation(model: LlamaModel, text: string, special: boolean): Token[] {
  return model.tokenize(text, special, "trimLeadingSpace");
}

/** The text of generated tokens; `before` are the tokens that stand before them. */
export function detokenize(model: LlamaModel, tokens: readonly Token[], before: readonly Token[] = []): string {
  return model.detokenize(tokens, false, before.slice(-4));
}

export function beginToken(model: LlamaModel): Token | null {
  return model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
}

function vocabularySize(model: LlamaModel): number {
  const tokens = model.fileInfo.metadata.tokenizer?.ggml?.tokens;
  return tokens?.length ?? 0;
}
