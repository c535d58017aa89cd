/** Where the rounds of a society lie in the plane of engagement (x) and alignment (y), both on the 1-7 scale. */

export interface ParetoPoint {
  readonly round: number;
  readonly alignment: number;
  readonly engagement: number;
}

interface Dot extends ParetoPoint {
  readonly x: number;
  readonly y: number;
}

interface Tick {
  readonly value: number;
  readonly at: number;
}

export interface ParetoPath {
  readonly left: number;
  readonly bottom: number;
  readonly dots: readonly Dot[];
  /** Dots whose round is written beside them: first, last and as many as fit apart. */
  readonly labels: readonly Dot[];
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
}

/** Smallest part of the scale shown, so that noise does not look like progress. */
const smallestSpan = 1;
const labelDistance = 26;

export function paretoPath(points: readonly ParetoPoint[], width: number, height: number): ParetoPath {
  const [left, right, top, bottom] = [30, width - 20, 12, Math.max(24, height - 24)];
  const xRange = shownRange(points.map((point) => point.engagement));
  const yRange = shownRange(points.map((point) => point.alignment));
  const x = (value: number) => left + ((value - xRange.low) / (xRange.high - xRange.low)) * (right - left);
  const y = (value: number) => bottom - ((value - yRange.low) / (yRange.high - yRange.low)) * (bottom - top);
  const dots = points.map((point) => ({ ...point, x: round(x(point.engagement)), y: round(y(point.alignment)) }));
  return {
    left,
    bottom,
    dots,
    labels: apart(dots),
    xTicks: ticks(xRange).map((value) => ({ value, at: round(x(value)) })),
    yTicks: ticks(yRange).map((value) => ({ value, at: round(y(value)) })),
  };
}

/** The values with air around them, within 1-7, at least one step wide. */
function shownRange(values: readonly number[]): { low: number; high: number } {
  if (values.length === 0) return { low: 1, high: 7 };
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const middle = (min + max) / 2;
  const half = Math.max(smallestSpan, (max - min) * 1.3) / 2;
  const low = Math.max(1, Math.min(middle - half, 7 - smallestSpan));
  return { low, high: Math.min(7, Math.max(middle + half, low + smallestSpan)) };
}

function ticks({ low, high }: { low: number; high: number }): number[] {
  const step = high - low > 3 ? 1 : high - low > 1.2 ? 0.5 : 0.25;
  const first = Math.ceil(low / step) * step;
  const count = Math.floor((high - first) / step + 1e-9) + 1;
  return Array.from({ length: count }, (_, index) => Number((first + index * step).toFixed(2)));
}

function apart(dots: readonly Dot[]): Dot[] {
  const [last] = dots.slice(-1);
  if (last === undefined) return [];
  const labels = [last];
  for (const dot of dots)
    if (labels.every((other) => Math.hypot(other.x - dot.x, other.y - dot.y) >= labelDistance)) labels.push(dot);
  return labels;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
