import { useMemo } from "react";
import type { WordDiff } from "./wordDiff.ts";
import "./WordDiff.css";

/** Changes within one text: struck through what went, underlined what came; reads without colour. */
export function InlineDiff({ diff }: { readonly diff: WordDiff }) {
  const pieces = useMemo(() => {
    let at = 0;
    return diff.pieces.map((piece) => ({ ...piece, at: at++ }));
  }, [diff]);
  return (
    <p className="diff selectable">
      {pieces.map(({ kind, text, at }) =>
        kind === "kept" ? (
          <span key={at}>{text}</span>
        ) : kind === "removed" ? (
          <del key={at}>{text}</del>
        ) : (
          <ins key={at}>{text}</ins>
        ),
      )}
    </p>
  );
}

/** Both texts beside each other, each with its own changes marked. */
export function SideBySide(props: { readonly before: string; readonly after: string; readonly diff: WordDiff | null }) {
  const only = (kind: "removed" | "added", whole: string) => {
    if (props.diff === null) return whole;
    return props.diff.pieces
      .filter((piece) => piece.kind === "kept" || piece.kind === kind)
      .map((piece, index) =>
        piece.kind === "kept" ? (
          piece.text
        ) : kind === "removed" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
          <del key={index}>{piece.text}</del>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
          <ins key={index}>{piece.text}</ins>
        ),
      );
  };
  return (
    <div className="diff-sides">
      <p className="diff selectable">{only("removed", props.before)}</p>
      <p className="diff selectable">{only("added", props.after)}</p>
    </div>
  );
}
