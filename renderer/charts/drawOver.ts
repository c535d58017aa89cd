/** What is drawn over the lines of a plot: marks at steps, a ring around one point. */
import type uPlot from "uplot";
import type { Curve, Mark } from "./CurvePlot.ts";

/** Read when the plot is built: a design token asked for while drawing costs a look at all styles. */
export interface OverColors {
  readonly mark: string;
  readonly text: string;
  readonly broken: string;
  /** Of the plot: separates what is written from the lines under it. */
  readonly ground: string;
  readonly font: string;
  /** Values of the tokens that curves and marks name. */
  readonly named: ReadonlyMap<string, string>;
}

/** Plots lower than this have no room for names, px. */
const roomForNames = 180;
/** Names of marks nearer than this stand below each other, px. */
const roomForName = 72;

/** Dashed lines from top to bottom; those with a name are solid and carry it at the top, on the side that has room. */
export function drawMarks(u: uPlot, marks: readonly Mark[], colors: OverColors): void {
  const { ctx, bbox } = u;
  const named = marks.filter(({ name }) => name !== undefined);
  for (const mark of [...marks.filter(({ name }) => name === undefined), ...named]) {
    const x = Math.round(u.valToPos(mark.x, "x", true)) + 0.5;
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    ctx.lineWidth = devicePixelRatio;
    ctx.strokeStyle = colors.named.get(mark.color ?? "") ?? colors.mark;
    ctx.setLineDash(mark.name === undefined ? [3 * devicePixelRatio, 3 * devicePixelRatio] : []);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  if (bbox.height < roomForNames * devicePixelRatio) return;
  let [row, before] = [0, Number.NEGATIVE_INFINITY];
  for (const mark of named.toSorted((a, b) => a.x - b.x)) {
    const x = u.valToPos(mark.x, "x", true);
    row = x - before < roomForName * devicePixelRatio ? row + 1 : 0;
    before = x;
    drawName(u, mark, row, colors);
  }
}

/** @param row from the top, so that neighbours do not cover each other */
function drawName(u: uPlot, { x: step, name = "", color }: Mark, row: number, colors: OverColors): void {
  const { ctx, bbox } = u;
  const x = u.valToPos(step, "x", true);
  ctx.font = colors.font.replace(/\d+px/, (size) => `${Number.parseInt(size, 10) * devicePixelRatio}px`);
  const air = 5 * devicePixelRatio;
  const left = x + air + ctx.measureText(name).width > bbox.left + bbox.width;
  ctx.textAlign = left ? "right" : "left";
  ctx.textBaseline = "top";
  const [at, top] = [left ? x - air : x + air, bbox.top + (4 + 16 * row) * devicePixelRatio];
  ctx.lineWidth = 4 * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = colors.ground;
  ctx.strokeText(name, at, top);
  ctx.fillStyle = colors.named.get(color ?? "") ?? colors.text;
  ctx.fillText(name, at, top);
}

/** A ring around the curve's point at `ringed`. */
export function drawRing(u: uPlot, { series, ringed, color }: Curve, colors: OverColors): void {
  if (ringed === undefined || ringed === null) return;
  const index = series.smoothed.nearest(ringed);
  if (series.smoothed.x(index) !== ringed) return;
  const { ctx, bbox } = u;
  const [x, y] = [u.valToPos(ringed, "x", true), u.valToPos(series.smoothed.y(index), "y", true)];
  // On the edge it is drawn whole; beyond it is not there.
  if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1 || y < bbox.top - 1 || y > bbox.top + bbox.height + 1) return;
  for (const [style, width] of [
    [colors.ground, 6],
    [colors.named.get(color) ?? colors.text, 2],
  ] as const) {
    ctx.strokeStyle = style;
    ctx.lineWidth = width * devicePixelRatio;
    ctx.beginPath();
    ctx.arc(x, y, 5.5 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.stroke();
  }
}
