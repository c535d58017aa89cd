import { expect, test } from "vitest";
import { randomStream } from "../../../core/random.ts";
import { InOrderWriter } from "../../../core/society/inOrder.ts";

test("whatever the order of finishing, results are written in theirs, each once, as early as possible", async () => {
  const places = Array.from({ length: 200 }, (_, i) => i + 10);
  const order = randomStream(1, "order").shuffle(places);
  const written: number[] = [];
  const writer = new InOrderWriter<number>(10, async (batch) => {
    written.push(...batch);
    await Promise.resolve();
  });
  const offered = new Set<number>();
  for (const place of order) {
    offered.add(place);
    await writer.offer(place, place);
    const prefix = places.findIndex((candidate) => !offered.has(candidate));
    expect(written).toEqual(places.slice(0, prefix === -1 ? places.length : prefix));
  }
});

test("after a write that failed nothing is written, so that the journal has no hole", async () => {
  const written: string[] = [];
  let full = false;
  const writer = new InOrderWriter<string>(0, async (batch) => {
    if (full) throw new Error("disk full");
    written.push(...batch);
  });
  await writer.offer(0, "first");
  full = true;
  await expect(writer.offer(1, "lost")).rejects.toThrow("disk full");
  full = false;
  await expect(writer.offer(2, "after")).rejects.toThrow("disk full");
  expect(written).toEqual(["first"]);
});

test("everything is written, however results fall between the steps of a write", async () => {
  // Results of one batch of the engine finish within a few microtasks of each other; every distance is tried.
  const orders = [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [1, 2, 3, 0],
    [2, 0, 3, 1],
  ];
  for (const order of orders)
    for (let gap = 0; gap < 8; gap++)
      for (const steps of [0, 1, 3]) {
        const written: number[] = [];
        const writer = new InOrderWriter<number>(0, async (batch) => {
          for (let step = 0; step < steps; step++) await null;
          written.push(...batch);
        });
        const offers: Promise<void>[] = [];
        for (const place of order) {
          offers.push(writer.offer(place, place));
          for (let step = 0; step < gap; step++) await null;
        }
        await Promise.all(offers);
        expect(written, `order ${order}, gap ${gap}, write of ${steps} steps`).toEqual([0, 1, 2, 3]);
      }
});
