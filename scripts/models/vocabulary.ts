/**
 * The demo model's tokenizer: `gpt2` with pre-tokenizer `llama-bpe`, which takes every piece that stands in the
 * vocabulary whole, without merges; everything else falls apart into bytes.
 */

/** The pieces into which llama.cpp's `llama-bpe` splits a text before it looks them up (llama-vocab.cpp, LLAMA3). */
const pieces =
  /(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

export const bosText = "<|begin_of_text|>";
export const eosText = "<|end_of_text|>";

/** Token types of llama.cpp. */
const normalType = 1;
const controlType = 3;

export interface Vocabulary {
  /** Token texts in byte-level form, the index is the id. */
  readonly tokens: readonly string[];
  /** llama.cpp's token types, by id. */
  readonly types: readonly number[];
  readonly bos: number;
  readonly eos: number;
  readonly idOf: ReadonlyMap<string, number>;
}

/**
 * BOS, EOS, the 256 bytes, then every piece of `texts` in order of first appearance. Numbers are left to their digits.
 *
 * @param size exactly so many tokens if the texts have enough pieces; by default all of them, and spare control tokens
 *   to a multiple of 32 (quantized matrices come in blocks)
 */
export function buildVocabulary(texts: Iterable<string>, size?: number): Vocabulary {
  const tokens = new Set([bosText, eosText, ...byteCharacters]);
  collect: for (const text of texts)
    for (const piece of split(text)) {
      if (tokens.size === size) break collect;
      if (!/^\p{N}+$/u.test(piece)) tokens.add(encodeBytes(piece));
    }
  const normal = tokens.size;
  if (size === undefined) for (let spare = 0; tokens.size % 32 !== 0; spare++) tokens.add(`<|spare_${spare}|>`);
  const list = [...tokens];
  return {
    tokens: list,
    types: list.map((_, id) => (id < 2 || id >= normal ? controlType : normalType)),
    bos: 0,
    eos: 1,
    idOf: new Map(list.map((token, id) => [token, id])),
  };
}

/** Token ids of plain text, no BOS; special tokens in the text are not recognized. */
export function tokenize(text: string, { idOf }: Vocabulary): number[] {
  return split(text).flatMap((piece) => {
    const encoded = encodeBytes(piece);
    const whole = idOf.get(encoded);
    return whole === undefined ? [...encoded].map((byte) => idOf.get(byte) as number) : [whole];
  });
}

export function detokenize(ids: readonly number[], { tokens, types }: Vocabulary): string {
  const bytes = ids
    .filter((id) => types[id] === normalType)
    .flatMap((id) => [...(tokens[id] as string)].map((character) => byteOf.get(character) as number));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

export function split(text: string): string[] {
  return text.match(pieces) ?? [];
}

/** GPT-2's reversible map: printable bytes stand for themselves, the other 68 move up to U+0100. */
const byteCharacters: readonly string[] = (() => {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : 256 + moved++);
  });
})();
const byteOf = new Map(byteCharacters.map((character, byte) => [character, byte]));

function encodeBytes(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => byteCharacters[byte]).join("");
}
