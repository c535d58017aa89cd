import { describe, expect, it } from "vitest";
import { RateMeter } from "../../core/rateMeter.ts";

describe("speed and time left", () => {
  it("follow the recent past, not a slow start, however often it is asked", () => {
    for (const marksPerSecond of [1, 1000]) {
      const meter = new RateMeter(510);
      expect(meter.mark(0, 0)).toEqual({ rate: null, secondsLeft: null });
      expect(meter.mark(10, 100).rate).toBeCloseTo(0.1);
      let speed = meter.mark(10, 100);
      for (let i = 1; i <= 200 * marksPerSecond; i++)
        speed = meter.mark(10 + (2 * i) / marksPerSecond, 100 + i / marksPerSecond);
      expect(speed.rate).toBeCloseTo(2);
      expect(speed.secondsLeft).toBeCloseTo(50);
    }
  });

  it("are known from the second mark on, also where one unit takes longer than the window", () => {
    const meter = new RateMeter(4);
    meter.mark(1, 0);
    expect(meter.mark(2, 300)).toEqual({ rate: 1 / 300, secondsLeft: 600 });
    expect(meter.mark(3, 400)).toEqual({ rate: 1 / 100, secondsLeft: 100 });
    expect(meter.mark(4, 500)).toEqual({ rate: 1 / 100, secondsLeft: 0 });
  });

  it("are unknown while nothing gets done, and there is no time left to tell without a total", () => {
    const meter = new RateMeter(null);
    meter.mark(5, 0);
    expect(meter.mark(5, 10)).toEqual({ rate: null, secondsLeft: null });
    expect(meter.mark(25, 20)).toEqual({ rate: 1, secondsLeft: null });
  });
});
