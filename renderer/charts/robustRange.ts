/** The y range that shows the bulk of a curve, so that one spike does not flatten everything else. */
import type { Series } from "./series.ts";

/** Points looked at per frame and line; a percentile of more would look the same. */
const sampleSize = 1024;

export interface YRange {
  readonly low: number;
  readonly high: number;
}

export interface RangeOptions {
  /** Clip to the 1st-99th percentile. */
  readonly clip: boolean;
  /** Leave out y ≤ 0. */
  readonly positive: boolean;
}

/**
 * Range of all series over their visible indices, with 5 % of air (on a log scale: of the logarithms). Null when there
 * is no finite y to show.
 */
export function visibleRange(
  series: readonly Series[],
  from: number,
  to: number,
  options: RangeOptions,
): YRange | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const spans = series.map((one) => ({ one, start: one.lowerBound(from), end: upper(one, to) }));
  for (const { one, start, end } of spans) {
    const whole = one.extent(start, end);
    const exact = !options.clip && (!options.positive || whole.min > 0);
    const range = exact ? whole : percentiles(one, start, end, options);
    if (range === null || range.min > range.max) continue;
    low = Math.min(low, range.min);
    high = Math.max(high, range.max);
  }
  if (low > high) return null;
  return padded(low, high, options.positive);
}

/** Finite points of the visible x range that `range` does not show; a scan of all points, so not for every frame. */
export function pointsOutside(series: readonly Series[], from: number, to: number, range: YRange): number {
  return series.reduce(
    (sum, one) => sum + one.countOutside(one.lowerBound(from), upper(one, to), range.low, range.high),
    0,
  );
}

function percentiles(
  series: Series,
  start: number,
  end: number,
  options: RangeOptions,
): { min: number; max: number } | null {
  const stride = Math.max(1, Math.floor((end - start) / sampleSize));
  const values: number[] = [];
  for (let index = start; index < end; index += stride) {
    const y = series.y(index);
    if (Number.isFinite(y) && (!options.positive || y > 0)) values.push(y);
  }
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  // Few points have no outliers worth hiding.
  const cut = options.clip && sorted.length >= 20 ? Math.floor(sorted.length * 0.01) : 0;
  return { min: sorted[cut] ?? 0, max: sorted[sorted.length - 1 - cut] ?? 0 };
}

function padded(low: number, high: number, logarithmic: boolean): YRange {
  if (logarithmic) {
    const air = Math.max((Math.log10(high) - Math.log10(low)) * 0.05, 0.02);
    return { low: 10 ** (Math.log10(low) - air), high: 10 ** (Math.log10(high) + air) };
  }
  const air = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.05 || 1;
  return { low: low - air, high: high + air };
}

function upper(series: Series, x: number): number {
  let index = series.lowerBound(x);
  while (index < series.length && series.x(index) <= x) index++;
  return index;
}
