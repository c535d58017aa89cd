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
