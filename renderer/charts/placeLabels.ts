/** Where the numbers of dots are written so that they touch no dot, no other number and no edge. Pure. */

export interface PlacedDot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Place {
  readonly box: Box;
  /** Of the text, in its middle; y is its baseline. */
  readonly x: number;
  readonly y: number;
  /** Square pixels of dots and others that it covers; 0 is a free place. */
  readonly covered: number;
}

/** Of the font of ticks, px. */
const digitWidth = 6.5;
const textHeight = 10;
const gap = 3;
/** Further away, where everything beside the dot is taken. */
const distances = [0, 7, 14];
/** A line through a number is read past; it only decides between places that are free. */
const lineCost = 0.1;

const sides = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, -1],
  [-1, -1],
  [1, 1],
  [-1, 1],
] as const;

/** The best place of a text beside `dot`: free, near, crossed by no line of the path, in this order. */
export function placeLabel(
  text: string,
  dot: PlacedDot,
  {
    dots,
    taken,
    inside,
  }: { readonly dots: readonly PlacedDot[]; readonly taken: readonly Box[]; readonly inside: Box },
): Place {
  const width = text.length * digitWidth;
  let best: Place | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const [ring, distance] of distances.entries())
    for (const [across, down] of sides) {
      const box = boxBeside(dot, { width, across, down, distance: gap + distance });
      const outside = area(box) - overlap(box, inside);
      const covered =
        outside +
        taken.reduce((sum, other) => sum + overlap(box, other), 0) +
        dots.reduce((sum, other) => sum + overlap(box, boxOf(other)), 0);
      const cost = covered + ring * 1e-3 + lineCost * crossings(dots, box) * 1e-3;
      if (cost >= least) continue;
      least = cost;
      best = { box, x: (box.left + box.right) / 2, y: box.bottom - 1, covered };
    }
  return best as Place;
}

function boxBeside(
  { x, y, radius }: PlacedDot,
  at: { readonly width: number; readonly across: number; readonly down: number; readonly distance: number },
): Box {
  const isDiagonal = at.across !== 0 && at.down !== 0;
  const away = (radius + at.distance) * (isDiagonal ? Math.SQRT1_2 : 1);
  const middleX = x + at.across * (away + at.width / 2);
  const middleY = y + at.down * (away + textHeight / 2);
  return {
    left: middleX - at.width / 2,
    right: middleX + at.width / 2,
    top: middleY - textHeight / 2,
    bottom: middleY + textHeight / 2,
  };
}

/** With the dot's line. */
function boxOf({ x, y, radius }: PlacedDot): Box {
  const size = radius + 1;
  return { left: x - size, right: x + size, top: y - size, bottom: y + size };
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

function area({ left, right, top, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

/** Lines from dot to dot that pass through the box. */
function crossings(dots: readonly PlacedDot[], box: Box): number {
  let count = 0;
  for (let i = 1; i < dots.length; i++) if (crosses(dots[i - 1] as PlacedDot, dots[i] as PlacedDot, box)) count++;
  return count;
}

/** Whether the part of the line within the box is longer than nothing (Liang and Barsky). */
function crosses(from: PlacedDot, to: PlacedDot, box: Box): boolean {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  let [start, end] = [0, 1];
  for (const [step, room] of [
    [-dx, from.x - box.left],
    [dx, box.right - from.x],
    [-dy, from.y - box.top],
    [dy, box.bottom - from.y],
  ] as const) {
    if (step === 0) {
      if (room < 0) return false;
    } else if (step < 0) start = Math.max(start, room / step);
    else end = Math.min(end, room / step);
  }
  return start < end;
}
