/**
 * The default embedder: words and pairs of words, weighted by TF-IDF, unit length, compared by cosine.
 *
 * The document frequencies are taken once, from the texts that the run starts with (question set and prior memory),
 * and never change after: a text has one vector for the whole run, whatever was said since. So equal seeds give equal
 * recalls, a vector may be kept by its text, and nothing has to be weighed anew as memories grow.
 */

/** Unit-length sparse vector: ascending term ids with their weights; empty only for a text without terms. */
export interface SparseVector {
  readonly terms: readonly number[];
  readonly weights: readonly number[];
}

export interface LexicalEmbedder {
  embed(text: string): SparseVector;
}

/** Letters, marks and digits form words; scripts written without spaces count each character as a word. */
const wordPattern =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|[[\p{L}\p{M}\p{N}]--[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]]+/gv;

/** Case-folded words of a text; a text without any is its own single word. */
export function wordsOf(text: string): string[] {
  const folded = text.normalize("NFKC").toLowerCase();
  return folded.match(wordPattern) ?? (folded.trim() === "" ? [] : [folded.trim()]);
}

/** Fits the document frequencies on the distinct texts of `corpus`. idf(t) = ln((1 + n) / (1 + df)) + 1. */
export function fitLexicalEmbedder(corpus: Iterable<string>): LexicalEmbedder {
  const ids = new Map<string, number>();
  const frequencies: number[] = [];
  const texts = new Set(corpus);
  for (const text of texts)
    for (const gram of new Set(gramsOf(text))) {
      const id = idOf(ids, gram);
      frequencies[id] = (frequencies[id] ?? 0) + 1;
    }
  const vectors = new Map<string, SparseVector>();
  return {
    embed(text) {
      const known = vectors.get(text);
      if (known !== undefined) return known;
      const vector = weigh(countTerms(gramsOf(text), ids), frequencies, texts.size);
      vectors.set(text, vector);
      return vector;
    },
  };
}

/** 1 − cosine, rounded to 10⁻⁶: in [0, 1], 0 for equal directions, 1 without a common term. */
export function cosineDistance(a: SparseVector, b: SparseVector): number {
  let dot = 0;
  let j = 0;
  a.terms.forEach((term, i) => {
    while ((b.terms[j] ?? Number.POSITIVE_INFINITY) < term) j++;
    if (b.terms[j] === term) dot += (a.weights[i] ?? 0) * (b.weights[j] ?? 0);
  });
  return distanceFromCosine(dot);
}

/** Rounding keeps the last bits of a sum, which depend on its order, out of comparisons and records. */
export function distanceFromCosine(cosine: number): number {
  return Math.round(Math.min(1, Math.max(0, 1 - cosine)) * 1e6) / 1e6;
}

function gramsOf(text: string): string[] {
  const words = wordsOf(text);
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`);
  return [...words, ...pairs];
}

function idOf(ids: Map<string, number>, gram: string): number {
  const known = ids.get(gram);
  if (known !== undefined) return known;
  ids.set(gram, ids.size);
  return ids.size - 1;
}

function countTerms(grams: readonly string[], ids: Map<string, number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const gram of grams) {
    const id = idOf(ids, gram);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

function weigh(counts: Map<number, number>, frequencies: readonly number[], documents: number): SparseVector {
  const terms = [...counts.keys()].sort((a, b) => a - b);
  const weights = terms.map((term) => {
    const idf = Math.log((1 + documents) / (1 + (frequencies[term] ?? 0))) + 1;
    return (counts.get(term) ?? 0) * idf;
  });
  const norm = Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
  return { terms, weights: weights.map((weight) => weight / norm) };
}
