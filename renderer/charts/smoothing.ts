/**
 * Smoothing on the full data, before anything is decimated: a moving average with exponential forgetting along x (not
 * along the index, so that sparse and dense stretches are smoothed alike), debiased at the start.
 */
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

  next(x: number, y: number): number {
    if (!Number.isFinite(y) || this.scale <= 0) return y;
    const keep = Number.isNaN(this.lastX) ? 0 : Math.exp(-(x - this.lastX) / this.scale);
    this.lastX = x;
    this.sum = keep * this.sum + y;
    this.weight = keep * this.weight + 1;
    return this.sum / this.weight;
  }
}

/** A series together with its smoothed form, kept in step while points arrive. */
export class SmoothedSeries {
  readonly raw: Series;
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
