import { describe, expect, it } from "vitest";
import { clampView } from "../../../renderer/charts/clampView.ts";
import { paretoPath } from "../../../renderer/charts/paretoPath.ts";
import { agentAt, cellPosition, gridLayout, neighbor } from "../../../renderer/grid/geometry.ts";

describe("society grid", () => {
  it("finds under the pointer exactly the agent that is drawn there, for every size of world", () => {
    for (const [rows, columns, width, height] of [
      [1, 1, 300, 200],
      [4, 4, 500, 500],
      [3, 9, 800, 300],
      [40, 40, 700, 600],
    ] as const) {
      const layout = gridLayout({ rows, columns }, width, height);
      for (let agent = 0; agent < rows * columns; agent++) {
        const { x, y } = cellPosition(layout, agent);
        expect(agentAt(layout, x + layout.cell / 2, y + layout.cell / 2)).toBe(agent);
        expect(agentAt(layout, x, y)).toBe(agent);
      }
      expect(agentAt(layout, -5, -5)).toBeNull();
    }
  });

  it("keeps all 1600 agents of the largest world inside the canvas", () => {
    const layout = gridLayout({ rows: 40, columns: 40 }, 700, 600);
    const { x, y } = cellPosition(layout, 1599);
    expect(x + layout.cell).toBeLessThanOrEqual(700);
    expect(y + layout.cell).toBeLessThanOrEqual(600);
  });

  it("is walked with the keyboard and holds at its edges", () => {
    const shape = { rows: 3, columns: 4 };
    expect(neighbor(shape, 0, "ArrowLeft")).toBe(0);
    expect(neighbor(shape, 0, "ArrowRight")).toBe(1);
    expect(neighbor(shape, 5, "ArrowUp")).toBe(1);
    expect(neighbor(shape, 9, "ArrowDown")).toBe(9);
    expect(neighbor(shape, 6, "Home")).toBe(4);
    expect(neighbor(shape, 6, "End")).toBe(7);
  });
});

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}
const touch = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

describe("Pareto path", () => {
  const points = Array.from({ length: 40 }, (_, index) => ({
    round: index + 1,
    alignment: 3 + index * 0.05,
    engagement: 4 + index * 0.02,
  }));

  it("draws better rounds higher and further right, inside the plot", () => {
    const { dots } = paretoPath(points, 400, 240);
    for (const [index, dot] of dots.entries()) {
      expect(dot.x).toBeGreaterThanOrEqual(0);
      expect(dot.x).toBeLessThanOrEqual(400);
      expect(dot.y).toBeGreaterThanOrEqual(0);
      expect(dot.y).toBeLessThanOrEqual(240);
      const before = dots[index - 1];
      if (before === undefined) continue;
      expect(dot.x).toBeGreaterThan(before.x);
      expect(dot.y).toBeLessThan(before.y);
    }
  });

  it("names the last round always, and no two names on top of each other", () => {
    const { labels } = paretoPath(points, 400, 240);
    expect(labels[0]?.round).toBe(40);
    for (const [index, a] of labels.entries())
      for (const b of labels.slice(index + 1)) expect(touch(a.box, b.box)).toBe(false);
  });

  it("of many rounds names a few, inside the plot, and lets the old ones fade", () => {
    const long = Array.from({ length: 200 }, (_, index) => ({
      round: index + 1,
      alignment: 6.5 + 0.5 * Math.sin(index),
      engagement: 6.5 + 0.5 * Math.cos(index * 1.7),
    }));
    for (const count of [25, 60, 200]) {
      const { labels, dots } = paretoPath(long.slice(0, count), 400, 220);
      expect(labels.length).toBeLessThanOrEqual(7);
      expect(labels[0]?.round).toBe(count);
      for (const { box } of labels) expect([box.left >= 0, box.right <= 400]).toEqual([true, true]);
      expect(dots[0]?.strength).toBeLessThan(0.25);
      expect(dots.at(-1)?.strength).toBe(1);
    }
    expect(paretoPath(long.slice(0, 6), 400, 220).dots.map(({ strength }) => strength)).toEqual(Array(6).fill(1));
  });

  it("writes no name over a dot, however close rounds lie together", () => {
    const last = (points: readonly [number, number][], width: number) => {
      const rounds = points.map(([engagement, alignment], i) => ({ round: i + 1, engagement, alignment }));
      const { labels, dots } = paretoPath(rounds, width, 180);
      expect(labels[0]?.round).toBe(points.length);
      for (const { box } of labels)
        for (const { x, y, radius } of dots)
          expect(touch(box, { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius })).toBe(false);
    };
    // Four rounds, as the demo's end: the newest to the left of the one before it, and around it.
    for (const width of [180, 260, 400])
      for (let turn = 0; turn < 24; turn++) {
        const around = (angle: number, far: number): [number, number] => [
          4 + far * Math.cos(angle + (turn * Math.PI) / 12),
          5 + far * Math.sin(angle + (turn * Math.PI) / 12),
        ];
        last([[3, 4], around(0, 0.1), around(2.4, 0.07), around(4, 0.09), [4, 5]], width);
      }
  });

  it("does not blow noise up to the height of the plot", () => {
    const noise = [
      { round: 1, alignment: 5, engagement: 5 },
      { round: 2, alignment: 5.02, engagement: 5 },
    ];
    const { dots } = paretoPath(noise, 400, 240);
    expect(Math.abs((dots[0]?.y ?? 0) - (dots[1]?.y ?? 0))).toBeLessThan(10);
  });

  it("stays on the scale from 1 to 7", () => {
    const { yTicks } = paretoPath([{ round: 1, alignment: 7, engagement: 1 }], 400, 240);
    expect(yTicks.every((tick) => tick.value >= 1 && tick.value <= 7)).toBe(true);
  });
});

describe("visible range of curves", () => {
  it("never leaves what there is and never shrinks to nothing", () => {
    const domain = { from: 0, to: 1000 };
    expect(clampView({ from: -50, to: 50 }, domain)).toEqual({ from: 0, to: 100 });
    expect(clampView({ from: 980, to: 1080 }, domain)).toEqual({ from: 900, to: 1000 });
    expect(clampView({ from: 10, to: 10.001 }, domain).to - 10).toBeCloseTo(4, 6);
    expect(clampView({ from: -5, to: 5000 }, domain)).toEqual(domain);
  });
});
