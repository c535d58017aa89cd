/** Column widths of a table: what a person set by hand stays, the rest shares what is left, the whole width is used. */

export interface ColumnShape {
  readonly id: string;
  /** Smallest width, px. */
  readonly minimum: number;
  /** What it takes to be read, px: columns that may leave do so for it. Default: `minimum`. */
  readonly wanted?: number;
  /** Weight of the column's share in what is left; 0 = stays at its minimum. */
  readonly grow: number;
  /** Leaves when the table is too narrow for all, the highest number first; absent = always stays. */
  readonly leaves?: number;
}

/** The columns that have room for what they want, in their order. */
export function columnsThatFit<Shape extends ColumnShape>(columns: readonly Shape[], total: number): Shape[] {
  const shown = [...columns];
  const width = () => wantedWidth(shown);
  while (total > 0 && width() > total) {
    const next = shown.reduce<Shape | null>(
      (last, column) => (column.leaves !== undefined && column.leaves > (last?.leaves ?? -1) ? column : last),
      null,
    );
    if (next === null) break;
    shown.splice(shown.indexOf(next), 1);
  }
  return shown;
}

function wantedWidth(columns: readonly ColumnShape[]): number {
  return columns.reduce((sum, { minimum, wanted }) => sum + (wanted ?? minimum), 0);
}

/**
 * Widths in px, in order. They sum to `total` unless the minima and the fixed widths need more (then the table scrolls
 * sideways). When nothing may grow, the last column does.
 */
export function columnWidths(
  columns: readonly ColumnShape[],
  total: number,
  fixed: Readonly<Record<string, number>>,
): number[] {
  const isWide = wantedWidth(columns) <= total;
  const widths = columns.map((column) =>
    Math.max(column.minimum, fixed[column.id] ?? (isWide ? (column.wanted ?? 0) : 0)),
  );
  const left = total - widths.reduce((sum, width) => sum + width, 0);
  if (left <= 0 || columns.length === 0) return widths;
  const growing = columns.map((column) => (fixed[column.id] === undefined ? column.grow : 0));
  const weights = growing.reduce((sum, weight) => sum + weight, 0);
  if (weights === 0) {
    widths[widths.length - 1] = (widths.at(-1) ?? 0) + left;
    return widths;
  }
  let given = 0;
  for (const [index, weight] of growing.entries()) {
    const share = Math.floor((left * weight) / weights);
    widths[index] = (widths[index] ?? 0) + share;
    given += share;
  }
  // Whole pixels only; the widest growing column takes the remainder.
  const widest = growing.indexOf(Math.max(...growing));
  widths[widest] = (widths[widest] ?? 0) + left - given;
  return widths;
}
