/** Ranks commands by what was typed: letters in order, better at word starts and side by side. */

export interface Match {
  /** Higher is better. */
  readonly score: number;
  /** Indices of the matched letters in the title. */
  readonly letters: readonly number[];
}

/** Null when the letters of `query` do not all occur in order. Case and accents do not count. */
export function match(query: string, title: string): Match | null {
  const wanted = fold(query).replace(/\s+/g, "");
  if (wanted === "") return { score: 0, letters: [] };
  const folded = fold(title);
  let best: Match | null = null;
  for (let start = folded.indexOf(wanted[0] ?? ""); start >= 0; start = folded.indexOf(wanted[0] ?? "", start + 1)) {
    const found = matchFrom(wanted, folded, start);
    if (found !== null && (best === null || found.score > best.score)) best = found;
  }
  return best;
}

function matchFrom(wanted: string, title: string, start: number): Match | null {
  const letters: number[] = [];
  let score = 0;
  let position = start;
  for (const letter of wanted) {
    const index = nextIndex(title, letter, position, letters.length > 0);
    if (index < 0) return null;
    const startsWord = index === 0 || /[\s\-/(]/.test(title[index - 1] ?? "");
    score += index === (letters.at(-1) ?? -2) + 1 ? 6 : startsWord ? 5 : 1;
    letters.push(index);
    position = index + 1;
  }
  // Early and in a short title is nearer to what was meant.
  return { score: score - start * 0.1 - title.length * 0.02, letters };
}

/** Prefers the next letter itself, then the start of a later word, then any later place. */
function nextIndex(title: string, letter: string, from: number, preferWord: boolean): number {
  const plain = title.indexOf(letter, from);
  if (!preferWord || plain === from || plain < 0) return plain;
  const word = title.slice(from).search(new RegExp(`(?<=[\\s\\-/(])${escapePattern(letter)}`));
  return word < 0 ? plain : from + word;
}

function escapePattern(letter: string): string {
  return letter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Items that match, best first; all of them in their order when nothing was typed. */
export function rank<T>(query: string, items: readonly T[], title: (item: T) => string): { item: T; match: Match }[] {
  return items
    .map((item) => ({ item, match: match(query, title(item)) }))
    .filter((entry): entry is { item: T; match: Match } => entry.match !== null)
    .map((entry, index) => ({ entry, index }))
    .sort((a, b) => b.entry.match.score - a.entry.match.score || a.index - b.index)
    .map(({ entry }) => entry);
}
