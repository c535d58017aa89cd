import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { XRange } from "../../../renderer/charts/clampView.ts";
import { Series } from "../../../renderer/charts/series.ts";
import { SmoothedSeries } from "../../../renderer/charts/smoothing.ts";
import { FinerPoints, finerPoints, partFor } from "../../../renderer/screens/align/finerPoints.ts";

/** A million steps, of which 100 000 points came. */
const thinned = { steps: 1_000_000, points: 100_000 };

describe("the part that is fetched finer", () => {
  it("is what is looked at with half a width of air, within the run", () => {
    expect(partFor({ from: 5000, to: 6000 }, thinned, null)).toEqual({ from: 4500, to: 6500 });
    expect(partFor({ from: 1, to: 101 }, thinned, null)).toEqual({ from: 1, to: 151 });
    expect(partFor({ from: 999_900, to: 1_000_300 }, thinned, null)).toEqual({ from: 999_700, to: 1_000_000 });
  });

  it("is none while the thinned points are as fine as what would come, and none beyond what was thinned", () => {
    expect(partFor({ from: 1, to: 400_000 }, thinned, null)).toBeNull();
    expect(partFor({ from: 1_000_001, to: 1_000_200 }, thinned, null)).toBeNull();
  });

  it("is none inside of a part with every step, and another one when a coarser part is zoomed into", () => {
    const every = { range: { from: 4500, to: 6500 }, width: 1000, every: true };
    expect(partFor({ from: 5400, to: 5600 }, thinned, every)).toBeNull();
    expect(partFor({ from: 6000, to: 7000 }, thinned, every)).not.toBeNull();
    const coarse = { range: { from: 1, to: 12_000 }, width: 8000, every: false };
    expect(partFor({ from: 2000, to: 8000 }, thinned, coarse)).toBeNull();
    expect(partFor({ from: 2000, to: 3000 }, thinned, coarse)).toEqual({ from: 1500, to: 3500 });
  });
});

describe("looking closer", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function source() {
    const asked: XRange[] = [];
    const state = { forgotten: 0, changes: 0 };
    const finer = new FinerPoints({
      fetch: async (range) => {
        asked.push(range);
        return range.to - range.from < finerPoints;
      },
      forget: () => void state.forgotten++,
      thinned: () => thinned,
      changed: () => void state.changes++,
    });
    return { finer, asked, state };
  }

  it("asks once, when the view has come to rest, and says that every step is there", async () => {
    const { finer, asked } = source();
    for (let at = 0; at < 20; at++) {
      finer.look({ from: 5000 + at, to: 6000 + at });
      await vi.advanceTimersByTimeAsync(16);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(300);
    expect(asked).toEqual([{ from: 4519, to: 6519 }]);
    expect(finer.fineness({ from: 5019, to: 6019 })).toBe("every");
    expect(finer.fineness({ from: 8000, to: 9000 })).toBe("thinned");
  });

  it("lets the part go when the whole run is shown again", async () => {
    const { finer, state } = source();
    finer.look({ from: 5000, to: 6000 });
    await vi.advanceTimersByTimeAsync(300);
    finer.look(null);
    await vi.advanceTimersByTimeAsync(300);
    expect(state.forgotten).toBe(1);
    expect(finer.fineness(null)).toBe("thinned");
  });
});

describe("a curve with finer points of a part", () => {
  const coarse = (scale: number) => {
    const series = new SmoothedSeries(scale);
    for (let x = 10; x <= 10_000; x += 10) series.append(x, 2);
    return series;
  };
  const part = () => {
    const raw = new Series();
    for (let x = 4000; x <= 5000; x++) raw.append(x, x === 4321 ? 9 : 2);
    return raw;
  };

  it("draws them where they cover the view, and the thinned ones elsewhere", () => {
    const series = coarse(0);
    series.refine({ from: 4000, to: 5000 }, part());
    const inside = series.within(4300, 4400);
    expect(inside.raw.y(inside.raw.nearest(4321))).toBe(9);
    expect(series.within(3900, 4400).raw).toBe(series.raw);
    series.refine(null);
    expect(series.within(4300, 4400).raw).toBe(series.raw);
  });

  it("goes on with the smoothed line of the whole instead of beginning anew", () => {
    const series = new SmoothedSeries(500);
    for (let x = 10; x <= 10_000; x += 10) series.append(x, x < 4000 ? 0 : 1);
    const raw = new Series();
    for (let x = 4000; x <= 5000; x++) raw.append(x, 1);
    series.refine({ from: 4000, to: 5000 }, raw);
    const { smoothed } = series.within(4100, 4200);
    const whole = series.smoothed;
    for (const x of [4000, 4500, 5000])
      expect(Math.abs(smoothed.y(smoothed.nearest(x)) - whole.y(whole.nearest(x)))).toBeLessThan(0.03);
    series.rescale(0);
    expect(series.within(4100, 4200).smoothed).toBe(raw);
  });

  it("counts a view that reaches beyond the ends of the run as covered", () => {
    const series = coarse(0);
    const raw = new Series();
    for (let x = 9000; x <= 10_000; x++) raw.append(x, 2);
    series.refine({ from: 9000, to: 10_000 }, raw);
    expect(series.within(9500, 10_400).raw).toBe(raw);
  });
});
