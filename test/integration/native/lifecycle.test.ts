/** The trainer works beside Node's loop, stops when asked, and ends cleanly. */
import { expect, test } from "vitest";
import { loraTargets } from "../../../core/contract/alignment.ts";
import { addon, casePath, libraries, openTrainer } from "../../support/nativeCases.ts";

const longRows = Array.from({ length: 12 }, (_, i) => ({
  query: Array.from({ length: 300 }, (_, t) => (i * 31 + t * 7) % 256),
  responses: [Array.from({ length: 200 }, (_, t) => (i * 13 + t * 5) % 256)],
}));

test("Node's loop turns while the trainer computes", async () => {
  const trainer = await openTrainer(casePath("llama-wide", "model.gguf"));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await trainer.forward(longRows, { adapter: false, keep: false });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
});

test("cancel rejects the call in flight and those that wait, later calls work", async () => {
  const trainer = await openTrainer(casePath("llama-wide", "model.gguf"));
  await trainer.newAdapter({ rank: 4, alpha: 8, targets: loraTargets, seed: 1 });
  const small = [{ query: [1, 2], responses: [[3]] }];
  const calls = [
    trainer.forward(longRows, { adapter: true, keep: true }),
    trainer.forward(small, { adapter: true, keep: false }),
  ];
  trainer.cancel();
  for (const call of await Promise.allSettled(calls))
    expect(call).toMatchObject({ status: "rejected", reason: { code: "cancelled" } });
  expect(await trainer.forward(small, { adapter: true, keep: false })).toHaveLength(1);
});

test("dispose ends the work; later calls say that the trainer is closed", async () => {
  const trainer = await addon.openTrainer({ model: casePath("llama-wide", "model.gguf"), libraries, threads: 1 });
  const running = trainer.forward(longRows, { adapter: false, keep: false });
  const disposed = trainer.dispose();
  await expect(running).rejects.toMatchObject({ code: "cancelled" });
  await disposed;
  await expect(trainer.zeroGradients()).rejects.toMatchObject({ code: "cancelled" });
});

test("opening and closing many times does not grow the process", async () => {
  const open = async () => {
    const trainer = await addon.openTrainer({ model: casePath("llama-wide", "model.gguf"), libraries, threads: 1 });
    await trainer.newAdapter({ rank: 16, alpha: 8, targets: loraTargets, seed: 1 });
    const logps = await trainer.forward(longRows.slice(0, 2), { adapter: true, keep: true });
    await trainer.backward(logps.map((r) => r.map((x) => x.map(() => -1))));
    await trainer.dispose();
  };
  for (let i = 0; i < 5; i++) await open();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 25; i++) await open();
  // 25 leaked trainers would be more than 400 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
}, 120_000);
