/** Draft against revision, word by word, kept readable: islands of one or two kept words count as changed. */
import { diffWordsWithSpace } from "diff";

export type DiffKind = "kept" | "removed" | "added";

export interface DiffPiece {
  readonly kind: DiffKind;
  readonly text: string;
}

export interface WordDiff {
  readonly pieces: readonly DiffPiece[];
  /** Words that both texts have in place, as a share of the longer one; 1 for equal texts. */
  readonly keptShare: number;
}

/** Kept runs shorter than this between two changes are part of the change: heavy revisions become confetti otherwise. */
const shortestIsland = 3;
/** Milliseconds after which the texts are shown whole instead; long rewrites have no readable diff anyway. */
const timeLimit = 60;
/** Below this share of kept words the two texts read better side by side. */
export const sideBySideBelow = 0.4;

/** Null when it would take too long: show the texts side by side then. */
export function wordDiff(before: string, after: string): WordDiff | null {
  const changes = diffWordsWithSpace(before, after, { timeout: timeLimit });
  if (changes === undefined) return null;
  const raw: DiffPiece[] = changes.map((change) => ({
    kind: change.added ? "added" : change.removed ? "removed" : "kept",
    text: change.value,
  }));
  const kept = raw.reduce((sum, piece) => sum + (piece.kind === "kept" ? countWords(piece.text) : 0), 0);
  const longer = Math.max(countWords(before), countWords(after));
  return { pieces: grouped(withoutIslands(raw)), keptShare: longer === 0 ? 1 : kept / longer };
}

function withoutIslands(pieces: readonly DiffPiece[]): DiffPiece[] {
  return pieces.flatMap((piece, index): DiffPiece[] => {
    const inside = index > 0 && index < pieces.length - 1;
    if (piece.kind !== "kept" || !inside || countWords(piece.text) >= shortestIsland) return [piece];
    return [
      { kind: "removed", text: piece.text },
      { kind: "added", text: piece.text },
    ];
  });
}

/** Between two kept pieces: everything removed first, then everything added. */
function grouped(pieces: readonly DiffPiece[]): DiffPiece[] {
  const result: DiffPiece[] = [];
  let removed = "";
  let added = "";
  const flush = () => {
    if (removed !== "") result.push({ kind: "removed", text: removed });
    if (added !== "") result.push({ kind: "added", text: added });
    removed = "";
    added = "";
  };
  for (const piece of pieces) {
    if (piece.kind === "removed") removed += piece.text;
    else if (piece.kind === "added") added += piece.text;
    else {
      flush();
      result.push(piece);
    }
  }
  flush();
  return result;
}

export function countWords(text: string): number {
  return text.match(/[^\s\p{P}]+/gu)?.length ?? 0;
}
