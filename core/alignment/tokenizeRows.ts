/** From text to token ids: definitions.md, "Tokens". */

/** What training needs of a tokenizer; `bos` is null where the GGUF says that none is added. */
export interface Tokenizer {
  /** Without special tokens at either end. */
  tokenize(text: string): readonly number[];
  /** The same for a text that follows a prompt: what generation writes after it. */
  tokenizeContinuation(text: string): readonly number[];
  readonly bos: number | null;
  readonly eos: number | null;
}

export interface TokenizedRow {
  readonly query: Int32Array;
  readonly responses: readonly Int32Array[];
  readonly scores: readonly number[];
}

export interface TokenizeCounts {
  /** Rows whose query lost tokens at its left. */
  queriesCut: number;
  /** Responses that lost tokens at their end (their end-of-sequence token with them). */
  responsesCut: number;
  /** Responses without text, left out of their row. */
  responsesDropped: number;
  /** Rows without any response or query token. */
  rowsDropped: number;
}

export interface TokenizeSettings {
  /** Most tokens of query + response. */
  readonly maxLength: number;
  readonly appendEos: boolean;
}

export function newTokenizeCounts(): TokenizeCounts {
  return { queriesCut: 0, responsesCut: 0, responsesDropped: 0, rowsDropped: 0 };
}

/**
 * The query with BOS, every response apart from it and with EOS if set. Where query + response is longer than
 * `maxLength`, the query gives up its left (BOS stays) until it holds half of the length or the longest response fits;
 * what still reaches beyond the maximum is cut from the end of the response. Returns null for a row that has nothing
 * to teach. `counts` is added to.
 */
export function tokenizeRow(
  row: { readonly query: string; readonly responses: readonly string[]; readonly scores: readonly number[] },
  tokenizer: Tokenizer,
  { maxLength, appendEos }: TokenizeSettings,
  counts: TokenizeCounts,
): TokenizedRow | null {
  const eos = appendEos && tokenizer.eos !== null ? [tokenizer.eos] : [];
  const bos = tokenizer.bos === null ? [] : [tokenizer.bos];
  const kept = row.responses.flatMap((text, i) => {
    const tokens = tokenizer.tokenizeContinuation(text);
    return tokens.length === 0 ? [] : [{ tokens: [...tokens, ...eos], score: row.scores[i] as number }];
  });
  counts.responsesDropped += row.responses.length - kept.length;
  const text = tokenizer.tokenize(row.query);
  if (kept.length === 0 || bos.length + text.length === 0) {
    counts.rowsDropped++;
    return null;
  }
  const longest = Math.max(...kept.map(({ tokens }) => tokens.length));
  const query = cutLeft(text, bos, queryLimit(longest, maxLength));
  if (query.length < bos.length + text.length) counts.queriesCut++;
  const responseLimit = maxLength - query.length;
  counts.responsesCut += kept.filter(({ tokens }) => tokens.length > responseLimit).length;
  return {
    query: Int32Array.from(query),
    responses: kept.map(({ tokens }) => Int32Array.from(tokens.slice(0, responseLimit))),
    scores: kept.map(({ score }) => score),
  };
}

/** Most tokens of a query, BOS included, beside a longest response of so many. */
export function queryLimit(longest: number, maxLength: number): number {
  return Math.max(Math.ceil(maxLength / 2), maxLength - longest);
}

function cutLeft(tokens: readonly number[], bos: readonly number[], limit: number): number[] {
  const room = Math.max(0, limit - bos.length);
  return [...bos, ...(tokens.length <= room ? tokens : tokens.slice(tokens.length - room))];
}
