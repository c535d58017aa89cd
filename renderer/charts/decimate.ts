/** Series as what is drawn: at most two points per pixel column, on one shared x axis, as uPlot wants its data. */
import type { Series } from "./series.ts";

/** `undefined` = this series has no point here (the line goes on), `null` = a gap. */
export type ColumnValue = number | null | undefined;

export interface Columns {
  readonly x: number[];
  /** One array per series, parallel to `x`. */
  readonly y: ColumnValue[][];
  /** x of the columns in which some y was not finite, per series. */
  readonly broken: number[][];
}

/**
 * Cuts [from, to] into `width` columns and gives every series its least and greatest y of each column, in two
 * neighbouring places, so that no spike is lost and nothing else is drawn. The nearest point outside on either side
 * comes along so that lines leave the plot where they should.
 * @param from, to the visible x range, from < to
 * @param width pixel columns, at least 1
 */
export function decimate(series: readonly Series[], from: number, to: number, width: number): Columns {
  const step = (to - from) / width;
  const x: number[] = [from - step];
  for (let column = 0; column < width; column++) x.push(from + (column + 0.25) * step, from + (column + 0.75) * step);
  x.push(to + step);
  const broken: number[][] = [];
  const y = series.map((one) => {
    const marks: number[] = [];
    broken.push(marks);
    return columnValues(one, from, step, width, x.length, marks);
  });
  // The two places outside hold the true x of no series; with several series the first that has one decides.
  placeOutside(series, x, y, from, to);
  return { x, y, broken };
}

function columnValues(
  series: Series,
  from: number,
  step: number,
  width: number,
  places: number,
  broken: number[],
): ColumnValue[] {
  const values: ColumnValue[] = new Array(places).fill(undefined);
  let start = series.lowerBound(from);
  for (let column = 0; column < width && start < series.length; column++) {
    const edge = from + (column + 1) * step;
    // The last column is closed at its right, so that the newest point is not cut off.
    let end = column === width - 1 ? afterOrAt(series, edge) : boundFrom(series, edge, start);
    if (end < start) end = start;
    if (end === start) continue;
    const place = 1 + 2 * column;
    const { min, max, broken: some } = series.extent(start, end);
    if (some) broken.push(from + (column + 0.5) * step);
    if (min > max) values[place] = null;
    else if (min === max) values[place] = min;
    else {
      // The side that the column ends on stands last, so that the line goes on from there.
      const rising = series.y(end - 1) >= series.y(start);
      values[place] = rising ? min : max;
      values[place + 1] = rising ? max : min;
    }
    start = end;
  }
  return values;
}

/** As `lowerBound`, looking near `start` first: columns follow each other, most are a few points wide. */
function boundFrom(series: Series, x: number, start: number): number {
  let step = 1;
  let low = start;
  while (low + step < series.length && series.x(low + step) < x) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, series.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (series.x(middle) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

function afterOrAt(series: Series, x: number): number {
  let index = series.lowerBound(x);
  while (index < series.length && series.x(index) <= x) index++;
  return index;
}

function placeOutside(series: readonly Series[], x: number[], y: ColumnValue[][], from: number, to: number): void {
  for (const [index, one] of series.entries()) {
    const left = one.lowerBound(from) - 1;
    const right = afterOrAt(one, to);
    const values = y[index];
    if (values === undefined) continue;
    if (left >= 0 && Number.isFinite(one.y(left))) {
      values[0] = interpolate(one, left, left + 1, x[0] ?? from);
    }
    if (right < one.length && Number.isFinite(one.y(right))) {
      values[values.length - 1] = interpolate(one, right - 1, right, x.at(-1) ?? to);
    }
  }
}

/** y of the line through two neighbouring points at `x`; the one that exists where the other does not. */
function interpolate(series: Series, left: number, right: number, x: number): number {
  const [x0, x1, y0, y1] = [series.x(left), series.x(right), series.y(left), series.y(right)];
  if (!Number.isFinite(y1) || right >= series.length) return y0;
  if (!Number.isFinite(y0) || left < 0) return y1;
  const share = Math.min(1, Math.max(0, (x - x0) / (x1 - x0)));
  return y0 + share * (y1 - y0);
}
