import { describe, expect, it } from "vitest";
import { pointsOutside, visibleRange } from "../../../renderer/charts/robustRange.ts";
import { Series } from "../../../renderer/charts/series.ts";
import { SmoothedSeries, Smoother, smoothingScale } from "../../../renderer/charts/smoothing.ts";

describe("smoothing", () => {
  it("leaves a constant alone from its first point on", () => {
    const smoother = new Smoother(30);
    for (let x = 0; x < 100; x++) expect(smoother.next(x, 2.5)).toBeCloseTo(2.5, 12);
  });

  it("forgets along x, not along the index: a denser stretch is smoothed alike", () => {
    const [sparse, dense] = [new Smoother(10), new Smoother(10)];
    for (let x = 0; x <= 200; x++) sparse.next(x, x < 100 ? 0 : 1);
    let last = 0;
    for (let x = 0; x <= 200; x += 0.1) last = dense.next(x, x < 100 ? 0 : 1);
    const after = sparse.next(201, 1);
    expect(Math.abs(after - last)).toBeLessThan(1e-3);
  });

  it("passes over what is not a number without losing its memory", () => {
    const smoother = new Smoother(10);
    smoother.next(0, 4);
    expect(smoother.next(1, Number.NaN)).toBeNaN();
    expect(smoother.next(2, 4)).toBeCloseTo(4, 12);
  });

  it("gives the same line whether points were there before or came one by one", () => {
    const grown = new SmoothedSeries(25);
    const later = new SmoothedSeries(0);
    for (let x = 0; x < 500; x++) {
      grown.append(x, Math.sin(x));
      later.append(x, Math.sin(x));
    }
    later.rescale(25);
    for (const index of [0, 1, 250, 499]) expect(later.smoothed.y(index)).toBe(grown.smoothed.y(index));
  });

  it("is off at 0 and never smooths more than a tenth of the curve", () => {
    expect(smoothingScale(0, 1000)).toBe(0);
    expect(smoothingScale(1, 1000)).toBeLessThanOrEqual(100);
    expect(smoothingScale(1, 1000)).toBeGreaterThan(90);
    expect(smoothingScale(7, 1000)).toBe(smoothingScale(1, 1000));
  });

  it("stays the same while a long curve grows by a few points: smoothing anew goes through all of it", () => {
    const scales = new Set(Array.from({ length: 1000 }, (_, step) => smoothingScale(0.3, 100_000 + step)));
    expect(scales.size).toBeLessThanOrEqual(2);
  });
});

describe("visible range", () => {
  const spiky = new Series();
  for (let x = 0; x < 1000; x++) spiky.append(x, x % 250 === 100 ? 500 : 2 + (x % 10) / 10);

  it("shows the bulk when it clips, and counts exactly what it hides", () => {
    const range = visibleRange([spiky], 0, 999, { clip: true, positive: false });
    expect(range).not.toBeNull();
    expect(range?.high).toBeLessThan(5);
    expect(pointsOutside([spiky], 0, 999, range ?? { low: 0, high: 0 })).toBe(4);
  });

  it("shows everything when it does not clip", () => {
    const range = visibleRange([spiky], 0, 999, { clip: false, positive: false });
    expect(range?.high).toBeGreaterThan(500);
  });

  it("has no place for values at or below zero on a log scale", () => {
    const series = new Series();
    for (const [x, y] of [
      [1, 0],
      [2, -3],
      [3, 0.1],
      [4, 10],
    ] as const)
      series.append(x, y);
    const range = visibleRange([series], 1, 4, { clip: false, positive: true });
    expect(range?.low).toBeGreaterThan(0);
    expect(range?.low).toBeLessThan(0.1);
    expect(visibleRange([series], 1, 2, { clip: false, positive: true })).toBeNull();
  });

  it("gives a flat curve room around it", () => {
    const series = new Series();
    series.append(1, 3);
    series.append(2, 3);
    const range = visibleRange([series], 1, 2, { clip: true, positive: false });
    expect(range?.low).toBeLessThan(3);
    expect(range?.high).toBeGreaterThan(3);
  });
});
