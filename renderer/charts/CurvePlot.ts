/** One plot of curves on uPlot: gets at most two points per pixel column, whatever the length of the curves. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { token } from "../app/theme.ts";
import { formatCompact, formatSignificant } from "../format/numbers.ts";
import type { CurveGroup, GroupedPlot } from "./CurveGroup.ts";
import type { XRange } from "./clampView.ts";
import { decimate } from "./decimate.ts";
import { drawMarks, drawRing, type OverColors } from "./drawOver.ts";
import { pointsOutside, visibleRange } from "./robustRange.ts";
import type { SmoothedSeries } from "./smoothing.ts";

export interface Curve {
  readonly id: string;
  readonly label: string;
  /** Design token, e.g. `--draft`. */
  readonly color: string;
  readonly series: SmoothedSeries;
  /** The label is drawn also where the curve is the only one. */
  readonly named?: boolean;
  /** Few points: each gets a dot. */
  readonly dots?: boolean;
  /** x of the one point that is ringed. */
  readonly ringed?: number | null;
}

/** A vertical line at a step. */
export interface Mark {
  readonly x: number;
  /** Written beside it, and then it stands out. */
  readonly name?: string;
  /** Design token; default: that of quiet lines. */
  readonly color?: string;
}

export interface PlotOptions {
  readonly curves: readonly Curve[];
  readonly log: boolean;
  readonly clip: boolean;
  /** E.g. checkpoints. */
  readonly marks: readonly Mark[];
}

export interface PlotListener {
  /** Values of the curves at the cursor, or the last ones when there is none (`x` null). */
  readonly readout: (values: readonly number[], x: number | null) => void;
  /** Points that the visible y range cuts off. */
  readonly outside: (count: number) => void;
}

/** Distances of the ticks of x: whole steps only. */
const wholeSteps = [0, 1, 2, 3, 4, 5, 6].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** Width and height below which there is no room for a plot, px. */
const smallest = 40;

/** Milliseconds of rest after which the points outside are counted: that is a scan of all of them. */
const rest = 250;

export class CurvePlot implements GroupedPlot {
  private readonly element: HTMLElement;
  private readonly group: CurveGroup;
  private readonly listener: PlotListener;
  private readonly leave: () => void;
  private readonly observer: ResizeObserver;
  private options: PlotOptions;
  private plot: uPlot | null = null;
  private broken: number[][] = [];
  private counting: ReturnType<typeof setTimeout> | null = null;
  private cursor: number | null = null;
  private colors: OverColors | null = null;
  /** As last observed: asking the element in the middle of drawing would lay the page out once per plot. */
  private size = { width: 0, height: 0 };

  constructor(element: HTMLElement, group: CurveGroup, options: PlotOptions, listener: PlotListener) {
    this.element = element;
    this.group = group;
    this.options = options;
    this.listener = listener;
    this.leave = group.add(this);
    this.observer = new ResizeObserver(([entry]) => this.resize(entry?.contentRect ?? { width: 0, height: 0 }));
    this.observer.observe(element);
  }

  /** Other curves, scale or marks. */
  configure(options: PlotOptions): void {
    this.options = options;
    this.rebuild();
  }

  /** After colours changed. */
  rebuild(): void {
    this.plot?.destroy();
    this.plot = null;
    this.group.schedule();
  }

  domain(): XRange | null {
    let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { series } of this.options.curves) {
      if (series.raw.length === 0) continue;
      from = Math.min(from, series.raw.x(0));
      to = Math.max(to, series.raw.x(series.raw.length - 1));
    }
    return from <= to ? { from, to } : null;
  }

  draw(): void {
    const { width, height } = this.size;
    if (width < smallest || height < smallest) return;
    this.plot ??= this.build(width, height);
    const { plot, options } = this;
    const { from, to } = this.group.view();
    const drawn = options.curves.map((curve) => curve.series.within(from, to));
    // Raw lines first (faint, only under a smoothed one), then the lines that are read.
    const faint = drawn.filter((_, index) => (options.curves[index]?.series.scale ?? 0) > 0).map(({ raw }) => raw);
    const lines = [...faint, ...drawn.map(({ smoothed }) => smoothed)];
    const columns = decimate(lines, from, to, Math.max(1, Math.round(plot.bbox.width / devicePixelRatio)));
    this.broken = columns.broken;
    const raw = drawn.map((one) => one.raw);
    const range = visibleRange(raw, from, to, { clip: options.clip, positive: options.log });
    plot.batch(() => {
      plot.setData([columns.x, ...columns.y] as uPlot.AlignedData, false);
      plot.setScale("x", { min: from, max: to });
      plot.setScale("y", { min: range?.low ?? 0, max: range?.high ?? 1 });
    });
    this.countLater();
  }

  dispose(): void {
    if (this.counting !== null) clearTimeout(this.counting);
    this.leave();
    this.observer.disconnect();
    this.plot?.destroy();
  }

  private resize({ width, height }: { readonly width: number; readonly height: number }): void {
    this.size = { width: Math.floor(width), height: Math.floor(height) };
    if (this.plot !== null && width >= smallest && height >= smallest) this.plot.setSize(this.size);
    this.group.schedule();
  }

  /** Not started anew by every drawing: a running curve would never come to rest. */
  private countLater(): void {
    if (!this.options.clip) this.listener.outside(0);
    else this.counting ??= setTimeout(() => this.count(), rest);
  }

  private count(): void {
    this.counting = null;
    const { from, to } = this.group.view();
    const raw = this.options.curves.map((curve) => curve.series.within(from, to).raw);
    const range = visibleRange(raw, from, to, { clip: true, positive: this.options.log });
    this.listener.outside(range === null || !this.options.clip ? 0 : pointsOutside(raw, from, to, range));
  }

  read(): void {
    const x = this.cursor;
    const { from, to } = this.group.view();
    const values = this.options.curves.map(({ series }) => {
      if (x === null) return series.smoothed.y(series.smoothed.length - 1);
      const { smoothed } = series.within(from, to);
      return smoothed.y(smoothed.nearest(x));
    });
    this.listener.readout(values, x);
  }

  private build(width: number, height: number): uPlot {
    const { curves } = this.options;
    const font = `11px ${token("--font")}`;
    const names = [...curves.map(({ color }) => color), ...this.options.marks.map(({ color }) => color ?? "")];
    this.colors = {
      mark: token("--line-strong"),
      broken: token("--danger"),
      text: token("--text-2"),
      ground: token("--surface"),
      font,
      named: new Map(names.filter((name) => name !== "").map((name) => [name, token(name)])),
    };
    const axis = {
      stroke: token("--text-3"),
      font,
      grid: { stroke: token("--line"), width: 1 },
      ticks: { show: false },
    };
    const faint = curves.filter((curve) => curve.series.scale > 0);
    const line = (curve: Curve, thin: boolean): uPlot.Series => ({
      stroke: thin ? `color-mix(in srgb, ${token(curve.color)} 28%, transparent)` : token(curve.color),
      width: thin ? 1 : 1.5,
      points: { show: !thin && curve.dots === true, size: 5 },
    });
    const plot = new uPlot(
      {
        width,
        height,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        cursor: {
          sync: { key: this.group.key, setSeries: false, scales: ["x", null] },
          drag: { x: false, y: false, setScale: false },
          points: { show: false },
          y: false,
        },
        scales: {
          x: { time: false, auto: false },
          y: { auto: false, distr: this.options.log ? 3 : 1, log: 10 },
        },
        axes: [
          {
            ...axis,
            size: 24,
            gap: 4,
            space: 60,
            incrs: wholeSteps,
            values: (_, splits) => splits.map((x) => (Number.isInteger(x) ? formatCompact(x) : "")),
          },
          {
            ...axis,
            size: 56,
            gap: 6,
            space: 28,
            values: (_, splits) => splits.map((y) => (y === null ? "" : formatSignificant(y))),
          },
        ],
        series: [{}, ...faint.map((curve) => line(curve, true)), ...curves.map((curve) => line(curve, false))],
        hooks: {
          setCursor: [
            (u) => {
              const { left } = u.cursor;
              this.cursor = left === undefined || left === null || left < 0 ? null : u.posToVal(left, "x");
              this.read();
            },
          ],
          draw: [(u) => this.drawOver(u)],
        },
      },
      [[], ...faint.map(() => []), ...curves.map(() => [])],
      this.element,
    );
    this.hands(plot.over);
    return plot;
  }

  /** Vertical marks with their names, ringed points, and red ticks where a value is not a number. */
  private drawOver(u: uPlot): void {
    const { ctx, bbox } = u;
    const { colors } = this;
    if (colors === null) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    drawMarks(u, this.options.marks, colors);
    ctx.fillStyle = colors.broken;
    for (const x of this.broken.flat()) {
      ctx.fillRect(
        u.valToPos(x, "x", true) - devicePixelRatio,
        bbox.top + bbox.height - 8 * devicePixelRatio,
        2 * devicePixelRatio,
        8 * devicePixelRatio,
      );
    }
    ctx.restore();
    for (const curve of this.options.curves) drawRing(u, curve, colors);
  }

  /** Dragging moves, the wheel zooms around the pointer, a double click shows everything. */
  private hands(over: HTMLElement): void {
    let dragged: { x: number; view: XRange } | null = null;
    over.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      over.setPointerCapture(event.pointerId);
      dragged = { x: event.clientX, view: this.group.view() };
    });
    over.addEventListener("pointermove", (event) => {
      if (dragged === null || over.clientWidth === 0) return;
      const shift = ((dragged.x - event.clientX) / over.clientWidth) * (dragged.view.to - dragged.view.from);
      if (!this.group.whole) this.group.show({ from: dragged.view.from + shift, to: dragged.view.to + shift });
    });
    over.addEventListener("pointerup", () => {
      dragged = null;
    });
    over.addEventListener("dblclick", () => this.group.show(null));
    over.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const { from, to } = this.group.view();
        const share = event.offsetX / Math.max(1, over.clientWidth);
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
          this.group.pan((event.deltaX || event.deltaY) / 800);
        else this.group.zoom(event.deltaY > 0 ? 1.25 : 0.8, from + share * (to - from));
      },
      { passive: false },
    );
  }
}
