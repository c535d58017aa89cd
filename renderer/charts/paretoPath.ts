/** Where the rounds of a society lie in the plane of engagement (x) and alignment (y), both on the 1-7 scale. */

import { type Box, placeLabel } from "./placeLabels.ts";

export interface ParetoPoint {
  readonly round: number;
  readonly alignment: number;
  readonly engagement: number;
}

interface Dot extends ParetoPoint {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** 0-1: the last round stands out, those long ago fade. A short path is whole. */
  readonly strength: number;
}

interface Label {
  readonly round: number;
  /** Middle of the text, and its baseline. */
  readonly x: number;
  readonly y: number;
  readonly box: Box;
  readonly dot: Dot;
}

interface Tick {
  readonly value: number;
  readonly at: number;
}

export interface ParetoPath {
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly dots: readonly Dot[];
  /** Dots whose round is written beside them: last, first, then those of round numbers that lie apart; the last one first. */
  readonly labels: readonly Label[];
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
}

/** Smallest part of the scale shown, so that noise does not look like progress. */
const smallestSpan = 1;
const labelDistance = 26;
/** Rounds named beside the first and the last, at most. */
const mostNamed = 5;
/** Of a dot, px; the last one stands out. */
const [radius, lastRadius] = [3.5, 5];
/** Paths longer than this fade. */
const longPath = 12;
const faintest = 0.18;

export function paretoPath(points: readonly ParetoPoint[], width: number, height: number): ParetoPath {
  // Above and below the plot the axes have their names.
  const [left, right, top, bottom] = [30, width - 16, 26, Math.max(40, height - 36)];
  const xRange = shownRange(points.map((point) => point.engagement));
  const yRange = shownRange(points.map((point) => point.alignment));
  const x = (value: number) => left + ((value - xRange.low) / (xRange.high - xRange.low)) * (right - left);
  const y = (value: number) => bottom - ((value - yRange.low) / (yRange.high - yRange.low)) * (bottom - top);
  const dots = points.map((point, index) => ({
    ...point,
    x: round(x(point.engagement)),
    y: round(y(point.alignment)),
    radius: index === points.length - 1 ? lastRadius : radius,
    strength: strengthOf(index + 1, points.length),
  }));
  return {
    left,
    top,
    bottom,
    dots,
    labels: labelsOf(dots, { left, top: top - 8, right: width - 2, bottom: bottom + 2 }),
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

function strengthOf(number: number, count: number): number {
  return count <= longPath ? 1 : round2(faintest + (1 - faintest) * (number / count) ** 2);
}

/** The last round has its name in any case, the others where there is a free place beside them. */
function labelsOf(dots: readonly Dot[], inside: Box): Label[] {
  const [first, last] = [dots[0], dots.at(-1)];
  if (first === undefined || last === undefined) return [];
  const every = roundNumber(dots.length / mostNamed);
  const wanted = [last, first, ...dots.filter((dot) => dot.round % every === 0).reverse()];
  const labels: Label[] = [];
  for (const dot of new Set(wanted)) {
    const isFar = labels.every((other) => Math.hypot(other.dot.x - dot.x, other.dot.y - dot.y) >= labelDistance);
    if (!isFar) continue;
    const taken = labels.map(({ box }) => box);
    const { x, y, box, covered } = placeLabel(String(dot.round), dot, { dots, taken, inside });
    if (dot === last || covered === 0) labels.push({ round: dot.round, x: round(x), y: round(y), box, dot });
  }
  return labels;
}

/** The least of 1, 2, 5, 10, 20, 50 … that is not smaller. */
function roundNumber(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5].map((digit) => digit * decade).find((number) => number >= least) ?? 10 * decade;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
