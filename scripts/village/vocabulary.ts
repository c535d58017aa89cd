/**
 * The demo model's tokenizer: `gpt2` with pre-tokenizer `llama-bpe`, which takes every piece that stands in the
 * vocabulary whole, without merges; everything else falls apart into bytes.
 */

/** The pieces into which llama.cpp's `llama-bpe` splits a text before it looks them up (llama-vocab.cpp, LLAMA3). */
const pieces =
  /(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

export const bosText = "<|begin_of_text|>";
export const eosText = "<|end_of_text|>";

export interface Vocabulary {
  /** Token texts in byte-level form, the index is the id. */
  readonly tokens: readonly string[];
  /** llama.cpp's token types: 1 normal, 3 control. */
  readonly types: readonly number[];
  readonly bos: number;
  readonly eos: number;
  readonly idOf: ReadonlyMap<string, number>;
}

/** BOS, EOS, the 256 bytes, then every piece of `texts` in order of first appearance, padded to a multiple of 32. */
export function buildVocabulary(texts: Iterable<string>): Vocabulary {
  const bytes = Array.from({ length: 256 }, (_, byte) => byteCharacters[byte] as string);
  const normal = new Set(bytes);
  for (const text of texts)
    for (const piece of split(text)) if (!/^\p{N}+$/u.test(piece)) normal.add(encodeBytes(piece));
  const tokens = [bosText, eosText, ...normal];
  const types = tokens.map((_, id) => (id < 2 ? 3 : 1));
  for (let spare = 0; tokens.length % 32 !== 0; spare++) {
    tokens.push(`<|spare_${spare}|>`);
    types.push(3);
  }
  return { tokens, types, bos: 0, eos: 1, idOf: new Map(tokens.map((token, id) => [token, id])) };
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
    .filter((id) => types[id] === 1)
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
