/** From text to tokens and back with a model's own vocabulary. */
import { type LlamaModel, LlamaVocabularyType, type Token } from "node-llama-cpp";
import { loadCheckedModel } from "./runtime.ts";

/** What training needs of a model file: only its vocabulary is loaded. */
export interface VocabularyTokenizer extends AsyncDisposable {
  /** Text by itself, without tokens at its ends; texts of control tokens are text like any other. */
  tokenize(text: string): number[];
  /** The same for a text that follows a prompt: what generation writes after it. */
  tokenizeContinuation(text: string): number[];
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
    tokenizeContinuation: (text) => tokenizeContinuation(model, text, false),
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

/** A control character that no vocabulary joins with what follows it. */
const anchor = "\u0001";

/**
 * Tokens of a text that follows other tokens: without the blank that SPM vocabularies (Llama 2, Mistral, Gemma) put
 * before a text, so that prompt and text read as one. node-llama-cpp's own way ("trimLeadingSpace") leaves the blank
 * where the text begins with a line break.
 */
export function tokenizeContinuation(model: LlamaModel, text: string, special: boolean): Token[] {
  if (model.vocabularyType === LlamaVocabularyType.bpe) return tokenizeText(model, text, special);
  const before = model.tokenize(anchor, special);
  const tokens = model.tokenize(anchor + text, special);
  return before.every((token, i) => tokens[i] === token)
    ? tokens.slice(before.length)
    : model.tokenize(text, special, "trimLeadingSpace");
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
