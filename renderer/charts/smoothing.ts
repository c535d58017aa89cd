/**
 * Smoothing on the full data, before anything is decimated: a moving average with exponential forgetting along x (not
 * along the index, so that sparse and dense stretches are smoothed alike), debiased at the start.
 */
import type { XRange } from "./clampView.ts";
import { Series } from "./series.ts";

/** A smoother that takes points in order; NaN passes through and is forgotten. */
export class Smoother {
  private sum = 0;
  private weight = 0;
  private lastX = Number.NaN;
  private readonly scale: number;

  /** @param scale distance in x after which a point counts 1/e; 0 = no smoothing */
  constructor(scale: number) {
    this.scale = scale;
  }

  /**
   * Goes on from a line that was smoothed before: as if points of `y`, `spacing` apart, had come for ever.
   * @param x of the last of them
   */
  goOn(x: number, y: number, spacing: number): void {
    if (!Number.isFinite(y) || this.scale <= 0) return;
    this.lastX = x;
    this.weight = 1 / -Math.expm1(-spacing / this.scale);
    this.sum = y * this.weight;
  }

  next(x: number, y: number): number {
    if (!Number.isFinite(y) || this.scale <= 0) return y;
    const keep = Number.isNaN(this.lastX) ? 0 : Math.exp(-(x - this.lastX) / this.scale);
    this.lastX = x;
    this.sum = keep * this.sum + y;
    this.weight = keep * this.weight + 1;
    return this.sum / this.weight;
  }
}

/** What is drawn of a curve: its points, and the line through them. */
export interface Drawn {
  readonly raw: Series;
  readonly smoothed: Series;
}

/**
 * A series together with its smoothed form, kept in step while points arrive. Of a long series these are thinned points;
 * a part of it may be known finer (`refine`).
 */
export class SmoothedSeries implements Drawn {
  readonly raw: Series;
  private part: { readonly range: XRange; readonly raw: Series; line: Series } | null = null;
  private smoother: Smoother;
  private line: Series;
  private currentScale: number;

  constructor(scale = 0, raw = new Series()) {
    this.raw = raw;
    this.currentScale = scale;
    this.smoother = new Smoother(scale);
    this.line = new Series(Math.max(16, raw.length));
    this.refill();
  }

  get smoothed(): Series {
    return this.currentScale <= 0 ? this.raw : this.line;
  }

  get scale(): number {
    return this.currentScale;
  }

  /** The finest that is known of [from, to]. */
  within(from: number, to: number): Drawn {
    const { part } = this;
    if (part === null || this.raw.length === 0) return this;
    const first = Math.max(from, this.raw.x(0));
    const last = Math.min(to, this.raw.x(this.raw.length - 1));
    if (first < part.range.from || last > part.range.to) return this;
    return { raw: part.raw, smoothed: this.currentScale <= 0 ? part.raw : part.line };
  }

  /** Takes over finer points of `range`, all that there are; null lets the last ones go. */
  refine(range: XRange | null, raw: Series = new Series(16)): void {
    this.part = range === null || raw.length === 0 ? null : { range, raw, line: this.lineOf(raw) };
  }

  append(x: number, y: number): boolean {
    if (!this.raw.append(x, y)) return false;
    if (this.currentScale > 0) this.line.append(x, this.smoother.next(x, y));
    return true;
  }

  /** Changes the scale; goes through all points once. */
  rescale(scale: number): void {
    if (scale === this.currentScale) return;
    this.currentScale = scale;
    this.smoother = new Smoother(scale);
    this.line = new Series(Math.max(16, this.raw.length));
    this.refill();
    if (this.part !== null) this.part.line = this.lineOf(this.part.raw);
  }

  /** The line through finer points; it comes out of the line of the whole curve where they begin. */
  private lineOf(raw: Series): Series {
    const line = new Series(Math.max(16, raw.length));
    if (this.currentScale <= 0) return line;
    const smoother = new Smoother(this.currentScale);
    const before = this.line.lowerBound(raw.x(0)) - 1;
    const spacing = raw.length < 2 ? 1 : (raw.x(raw.length - 1) - raw.x(0)) / (raw.length - 1);
    if (before >= 0) smoother.goOn(this.line.x(before), this.line.y(before), spacing);
    for (let index = 0; index < raw.length; index++) {
      const x = raw.x(index);
      line.append(x, smoother.next(x, raw.y(index)));
    }
    return line;
  }

  private refill(): void {
    if (this.currentScale <= 0) return;
    for (let index = 0; index < this.raw.length; index++) {
      const x = this.raw.x(index);
      this.line.append(x, this.smoother.next(x, this.raw.y(index)));
    }
  }
}

/**
 * The slider's 0…1 as a scale in x: quadratic, up to a tenth of what there is, so that its left half is the useful one.
 * The span counts in steps of a tenth, so that a growing curve is not smoothed anew with every point.
 */
export function smoothingScale(slider: number, span: number): number {
  if (span <= 0) return 0;
  const clamped = Math.min(1, Math.max(0, slider));
  const coarse = 1.1 ** Math.floor(Math.log(span) / Math.log(1.1));
  return clamped * clamped * coarse * 0.1;
}
