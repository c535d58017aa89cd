/** Where the agents of a society stand on a canvas, and how the keyboard walks among them. */

export interface GridShape {
  readonly rows: number;
  readonly columns: number;
}

export interface GridLayout extends GridShape {
  /** Side of a cell, px, gap excluded. */
  readonly cell: number;
  readonly gap: number;
  /** Left and top edge of the first cell, px. */
  readonly left: number;
  readonly top: number;
}

/** Cells stay between these, px: smaller shows nothing, larger wastes the window. */
const smallestCell = 8;
const largestCell = 112;

/** The largest square cells that fit into `width` × `height`, centred. */
export function gridLayout(shape: GridShape, width: number, height: number): GridLayout {
  const pitch = Math.min(width / shape.columns, height / shape.rows);
  const gap = pitch >= 40 ? 4 : pitch >= 20 ? 2 : 1;
  const cell = Math.max(smallestCell, Math.min(largestCell, Math.floor(pitch - gap)));
  const usedWidth = shape.columns * (cell + gap) - gap;
  const usedHeight = shape.rows * (cell + gap) - gap;
  return {
    ...shape,
    cell,
    gap,
    left: Math.max(0, Math.floor((width - usedWidth) / 2)),
    top: Math.max(0, Math.floor((height - usedHeight) / 2)),
  };
}

export function cellPosition(layout: GridLayout, agent: number): { x: number; y: number } {
  const pitch = layout.cell + layout.gap;
  return {
    x: layout.left + (agent % layout.columns) * pitch,
    y: layout.top + Math.floor(agent / layout.columns) * pitch,
  };
}

/** The agent at a point, or null between cells and outside. */
export function agentAt(layout: GridLayout, x: number, y: number): number | null {
  const pitch = layout.cell + layout.gap;
  const [column, row] = [Math.floor((x - layout.left) / pitch), Math.floor((y - layout.top) / pitch)];
  if (column < 0 || row < 0 || column >= layout.columns || row >= layout.rows) return null;
  const inside = (x - layout.left) % pitch < layout.cell && (y - layout.top) % pitch < layout.cell;
  return inside ? row * layout.columns + column : null;
}

export type GridKey = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

export const gridKeys: readonly string[] = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

/** Where a key leads from `agent`; edges hold. Home and End are the ends of the row. */
export function neighbor(shape: GridShape, agent: number, key: GridKey): number {
  const [row, column] = [Math.floor(agent / shape.columns), agent % shape.columns];
  const at = (r: number, c: number) => r * shape.columns + c;
  switch (key) {
    case "ArrowLeft":
      return at(row, Math.max(0, column - 1));
    case "ArrowRight":
      return at(row, Math.min(shape.columns - 1, column + 1));
    case "ArrowUp":
      return at(Math.max(0, row - 1), column);
    case "ArrowDown":
      return at(Math.min(shape.rows - 1, row + 1), column);
    case "Home":
      return at(row, 0);
    case "End":
      return at(row, shape.columns - 1);
  }
}
