import { describe, expect, it, vi } from "vitest";
import { randomStream } from "../../../core/random.ts";
import { decimate } from "../../../renderer/charts/decimate.ts";
import { Series } from "../../../renderer/charts/series.ts";

function noisy(length: number, seed = 1): { series: Series; ys: number[] } {
  const random = randomStream(seed, "noise");
  const series = new Series();
  const ys: number[] = [];
  for (let x = 0; x < length; x++) {
    const y = Math.sin(x / 50) + random.normal();
    ys.push(y);
    series.append(x, y);
  }
  return { series, ys };
}

describe("Series", () => {
  it("gives the extent of every range exactly as a scan would, at all lengths around block borders", () => {
    for (const length of [1, 15, 16, 17, 255, 256, 257, 4095, 4097]) {
      const { series, ys } = noisy(length, length);
      const random = randomStream(2, length);
      for (let n = 0; n < 40; n++) {
        const [a, b] = [random.integer(length + 1), random.integer(length + 1)];
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const part = ys.slice(from, to);
        expect(series.extent(from, to)).toEqual({ min: Math.min(...part), max: Math.max(...part), broken: false });
      }
    }
  });

  it("keeps a single spike among a million points", () => {
    const series = new Series();
    for (let x = 0; x < 1_000_000; x++) series.append(x, x === 777_777 ? 1e6 : 1);
    expect(series.extent(0, 1_000_000).max).toBe(1e6);
    expect(series.extent(0, 777_777).max).toBe(1);
    expect(series.extent(777_778, 1_000_000).max).toBe(1);
  });

  it("says where a value is not a number, and never lets it into an extent", () => {
    const { series } = noisy(1000);
    series.append(1000, Number.NaN);
    series.append(1001, Number.POSITIVE_INFINITY);
    series.append(1002, 0);
    const all = series.extent(0, series.length);
    expect(all.broken).toBe(true);
    expect(Number.isFinite(all.min) && Number.isFinite(all.max)).toBe(true);
    expect(series.extent(0, 1000).broken).toBe(false);
    expect(series.extent(1000, 1002)).toMatchObject({ broken: true, min: Number.POSITIVE_INFINITY });
  });

  it("takes no point twice when a stream is replayed", () => {
    const series = new Series();
    for (const x of [1, 2, 3, 2, 3, 4]) series.append(x, x * 10);
    expect(series.length).toBe(4);
    expect([0, 1, 2, 3].map((index) => series.x(index))).toEqual([1, 2, 3, 4]);
  });

  it("finds the nearest point on either side", () => {
    const series = new Series();
    for (const x of [10, 20, 40]) series.append(x, x);
    expect([0, 14, 16, 29, 31, 100].map((x) => series.x(series.nearest(x)))).toEqual([10, 10, 20, 20, 40, 40]);
    expect(new Series().nearest(1)).toBe(-1);
  });

  it("counts what lies outside exactly, whatever blocks it passes over", () => {
    const { series, ys } = noisy(5000);
    for (const [from, to] of [
      [0, 5000],
      [3, 4999],
      [256, 512],
    ] as const) {
      const expected = ys.slice(from, to).filter((y) => y < -1 || y > 1.5).length;
      expect(series.countOutside(from, to, -1, 1.5)).toBe(expected);
    }
  });
});

describe("decimate", () => {
  it("draws at most two points per pixel and loses no extreme of any column", () => {
    const { series, ys } = noisy(20_000);
    const width = 300;
    const { x, y } = decimate([series], 0, 19_999, width);
    expect(x.length).toBe(2 * width + 2);
    const [values = []] = y;
    const step = 19_999 / width;
    for (let column = 0; column < width; column++) {
      const drawn = values.slice(1 + 2 * column, 3 + 2 * column).filter((value) => typeof value === "number");
      const inside = ys.filter(
        (_, index) => index >= column * step && (column === width - 1 || index < (column + 1) * step),
      );
      expect(Math.min(...drawn)).toBe(Math.min(...inside));
      expect(Math.max(...drawn)).toBe(Math.max(...inside));
    }
  });

  it("keeps x ascending and puts every series on the same x", () => {
    const a = noisy(500).series;
    const b = new Series();
    for (let x = 100; x < 400; x += 37) b.append(x, x);
    const { x, y } = decimate([a, b], 50, 450, 128);
    expect(x.every((value, index) => index === 0 || value > (x[index - 1] ?? 0))).toBe(true);
    expect(y.map((values) => values.length)).toEqual([x.length, x.length]);
    expect(y[1]?.filter((value) => typeof value === "number").length).toBe(9);
  });

  it("shows a stretch without numbers as a gap and marks it", () => {
    const series = new Series();
    for (let x = 0; x < 100; x++) series.append(x, x >= 40 && x < 60 ? Number.NaN : 1);
    const { y, broken } = decimate([series], 0, 99, 50);
    const gaps = y[0]?.filter((value) => value === null).length ?? 0;
    expect(gaps).toBeGreaterThanOrEqual(9);
    expect(broken[0]?.length).toBe(gaps);
    expect(broken[0]?.every((x) => x >= 38 && x <= 61)).toBe(true);
  });

  it("shows the newest point at the right edge", () => {
    const series = new Series();
    for (let x = 1; x <= 10; x++) series.append(x, x);
    const [values = []] = decimate([series], 1, 10, 40).y;
    expect(values.filter((value) => typeof value === "number")).toContain(10);
  });

  it("costs the pixels, not the points: of a million points a few dozen looks for each column", () => {
    const looksAt = (points: number) => {
      const series = new Series();
      for (let x = 0; x < points; x++) series.append(x, Math.sin(x / 1000));
      let looks = 0;
      const at = vi.spyOn(series, "x").mockImplementation((index) => {
        looks++;
        return index;
      });
      const scan = vi.spyOn(series as unknown as { scan(level: number, low: number, high: number): void }, "scan");
      decimate([series], 1000, points - 1000, 1200);
      for (const [, low, high] of scan.mock.calls) looks += high - low;
      at.mockRestore();
      scan.mockRestore();
      return looks;
    };
    expect(looksAt(1_000_000)).toBeLessThan(1200 * 100);
    expect(looksAt(1_000_000)).toBeLessThan(2 * looksAt(100_000));
  });
});
