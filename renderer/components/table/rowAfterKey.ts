/** Where a key leads; null when it is none of the table's. */
export function rowAfterKey(
  event: { readonly key: string; readonly ctrlKey: boolean; readonly metaKey: boolean; readonly altKey: boolean },
  selected: number | null,
  count: number,
  page: number,
): number | null {
  if (count === 0 || event.ctrlKey || event.metaKey || event.altKey) return null;
  const at = selected ?? -1;
  const to = (index: number) => Math.min(count - 1, Math.max(0, index));
  switch (event.key) {
    case "j":
    case "ArrowDown":
      return to(at + 1);
    case "k":
    case "ArrowUp":
      return to(at - 1);
    case "PageDown":
      return to(at + Math.max(1, page));
    case "PageUp":
      return to(at - Math.max(1, page));
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
