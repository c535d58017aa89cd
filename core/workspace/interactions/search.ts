/** A person's search words as an FTS5 expression. Pure. */

/**
 * All words must occur; `"…"` is a phrase; the last word outside of a phrase matches by its start, because it is still
 * being typed. Null when nothing is left to look for. Whatever is typed, the result is a valid expression.
 */
export function matchExpression(text: string): string | null {
  const terms = [...text.matchAll(/"([^"]*)"?|([^\s"]+)/g)].map(([, phrase, word]) => ({
    words: (phrase ?? word ?? "").match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu) ?? [],
    typing: phrase === undefined,
  }));
  const kept = terms.filter(({ words }) => words.length > 0);
  if (kept.length === 0) return null;
  return kept
    .map(({ words, typing }, index) => {
      const isLast = index === kept.length - 1;
      return `"${words.join(" ")}"${typing && isLast && !/\s$/.test(text) ? "*" : ""}`;
    })
    .join(" AND ");
}
