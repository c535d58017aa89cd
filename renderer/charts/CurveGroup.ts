/** Curves that share their x axis: what is visible, where the cursor stands; drawn together, once per frame. */

import { clampView, type XRange } from "./clampView.ts";

/** A plot in the group. */
export interface GroupedPlot {
  /** Draws itself anew. */
  draw(): void;
  /** Says the values at the cursor; after all plots are drawn, because drawing text makes the page lay out what changed. */
  read(): void;
  /** x of its first and last point; null when it has none. */
  domain(): XRange | null;
}

/**
 * Milliseconds of drawing after which the other plots wait for the next frame. The page has 8 for everything: the last
 * plot begun may take 2 more, and bringing the canvases to the screen takes another 2 without a graphics card.
 */
const budget = 1;

let groups = 0;

export class CurveGroup {
  /** Name under which uPlot keeps the cursors together. */
  readonly key = `curves-${++groups}`;
  private readonly plots = new Set<GroupedPlot>();
  private readonly listeners = new Set<() => void>();
  private chosen: XRange | null = null;
  private request = 0;
  private readonly waiting = new Set<GroupedPlot>();

  add(plot: GroupedPlot): () => void {
    this.plots.add(plot);
    this.schedule();
    return () => this.plots.delete(plot);
  }

  /** Calls back when the visible range was changed by a person. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** True while everything is shown and new points move the right edge. */
  get whole(): boolean {
    return this.chosen === null;
  }

  /** What is visible now. */
  view(): XRange {
    return this.chosen ?? this.domain();
  }

  /** Shows a part; null shows everything and follows new points. */
  show(range: XRange | null): void {
    this.chosen = range === null ? null : clampView(range, this.domain());
    for (const listener of this.listeners) listener();
    this.schedule();
  }

  /** Moves by a share of the visible width; right is positive. */
  pan(share: number): void {
    const { from, to } = this.view();
    const shift = (to - from) * share;
    this.show({ from: from + shift, to: to + shift });
  }

  /** `factor` < 1 comes closer, around `center` (x). */
  zoom(factor: number, center?: number): void {
    const { from, to } = this.view();
    const around = center ?? (from + to) / 2;
    const range = { from: around - (around - from) * factor, to: around + (to - around) * factor };
    const domain = this.domain();
    this.show(range.from <= domain.from && range.to >= domain.to ? null : range);
  }

  /** Draws all plots in the next frames: as many in each as its budget holds, those that waited longest first. */
  schedule(): void {
    for (const plot of this.plots) this.waiting.add(plot);
    this.request ||= requestAnimationFrame(() => this.drawWaiting());
  }

  private drawWaiting(): void {
    this.request = 0;
    const start = performance.now();
    const drawn: GroupedPlot[] = [];
    for (const plot of this.waiting) {
      this.waiting.delete(plot);
      if (!this.plots.has(plot)) continue;
      plot.draw();
      drawn.push(plot);
      if (performance.now() - start > budget) break;
    }
    for (const plot of drawn) plot.read();
    if (this.waiting.size > 0) this.request = requestAnimationFrame(() => this.drawWaiting());
  }

  private domain(): XRange {
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const plot of this.plots) {
      const domain = plot.domain();
      if (domain === null) continue;
      from = Math.min(from, domain.from);
      to = Math.max(to, domain.to);
    }
    return from < to
      ? { from, to }
      : { from: Number.isFinite(from) ? from : 0, to: (Number.isFinite(from) ? from : 0) + 1 };
  }
}
