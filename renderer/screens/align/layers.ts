/** The range of layers that get an adapter, as two fields set it. Pure. */

/** Both included, from 0. */
export interface LayerRange {
  readonly first: number;
  readonly last: number;
}

/**
 * @param first null: from the start
 * @param count layers of the model; null when it is not known
 * @returns null for all layers
 */
export function withFirstLayer(
  range: LayerRange | null,
  first: number | null,
  count: number | null,
): LayerRange | null {
  const from = first ?? 0;
  if (range === null && from === 0) return null;
  return wholeOrRange({ first: from, last: range?.last ?? (count === null ? from : count - 1) }, count);
}

/** @param last null: to the end */
export function withLastLayer(range: LayerRange | null, last: number | null, count: number | null): LayerRange | null {
  const to = last ?? (count === null ? null : count - 1);
  // Where the model's end is not known, no range can reach it.
  return to === null ? null : wholeOrRange({ first: range?.first ?? 0, last: to }, count);
}

function wholeOrRange(range: LayerRange, count: number | null): LayerRange | null {
  return count !== null && range.first === 0 && range.last === count - 1 ? null : range;
}
