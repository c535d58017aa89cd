/** The figures of `npm run bench:align`: what they claim about ours and the peer. */
import { expect, test } from "vitest";
import { hasPeer, type Round, summary } from "../../../bench/align/comparison.ts";
import { scalingTable, sizes } from "../../../bench/align/scaling.ts";
import { fullLogitsBytes, usefulOperations, usefulTokens, workload125M } from "../../../bench/align/workload.ts";

const before = { load: [0, 0, 0], freeGiB: 8, date: "2026-01-01T00:00:00.000Z" };
const ours = (secondsPerSample: number, peakBytes: number) => ({
  secondsPerSample,
  peakBytes,
  commandBytes: 2 ** 28,
  memory: { activations: 2 ** 28, arena: 2 ** 26 },
  before,
});
const peer = (secondsPerSample: number, peakBytes: number, matmulGflops: number) => ({
  secondsPerSample,
  peakBytes,
  matmulGflops,
  before,
});
const gibibyte = 2 ** 30;
/** A round on a machine that is `slower` times slower for everybody. */
const round = (slower: number): Round => ({
  oursQ8: ours(0.5 * slower, gibibyte / 2),
  peerBf16: peer(1.5 * slower, 2 * gibibyte, 1000),
  oursF32: ours(2 * slower, gibibyte),
  peerF32: peer(3 * slower, 2 * gibibyte, 200),
});

const peak = { float32: 400, bfloat16: 800 };

test("ratios are above 1 where ours is faster, below 1 where it takes less, and do not follow the machine's load", () => {
  const figures = summary(workload125M, [round(1), round(4), round(1.1)], peak);
  expect(figures).toMatchObject({ speedRatioBf16: 3, speedRatioF32: 1.5, memoryRatioBf16: 0.25, memoryRatioF32: 0.5 });
  // The command line that waits beside ours is not left out.
  expect(figures).toMatchObject({ memoryRatioBf16WithCommand: 0.375, memoryRatioF32WithCommand: 0.625 });
  expect(figures.trainers.oursQ8).toMatchObject({ secondsPerSample: 0.55, samplesPerMinute: 109.1, peakGiB: 0.5 });
});

test("a skipped peer leaves its figures and all that compares with it empty", () => {
  const alone = { ...round(1), peerBf16: null, peerF32: null };
  const figures = summary(workload125M, [alone], null);
  expect([hasPeer({ rounds: [round(1)] }), hasPeer({ rounds: [round(1), alone] })]).toEqual([true, false]);
  expect(figures).toMatchObject({ speedRatioBf16: null, memoryRatioF32: null, peakGflops: { float32: null } });
  expect(figures.trainers.peerF32).toBeNull();
  expect(figures.trainers.oursQ8).toMatchObject({ samplesPerMinute: 120, peakShare: null });
});

test("the share of the peak counts each product with a frozen weight once each way, in the type it is done in", () => {
  // Per layer: q and output 768², k and v 768·256, gate, up and down 768·2048; the head 768·32000 on response tokens.
  const weights = 12 * (2 * 768 ** 2 + 2 * 768 * 256 + 3 * 768 * 2048);
  expect(usefulTokens(workload125M)).toBe(540);
  expect(usefulOperations(workload125M)).toBe(4 * (weights * 540 + 768 * 32_000 * 360));
  const shares = (of: typeof peak | null) => {
    const { oursQ8, oursF32 } = summary(workload125M, [round(1)], of).trainers;
    return [oursQ8?.peakShare, oursF32?.peakShare];
  };
  const gflops = usefulOperations(workload125M) / 1e9;
  const rounded = (...values: number[]) => values.map((value) => +value.toFixed(3));
  // The peer's product reaches 1000 in bfloat16: then that is the machine's most.
  expect(shares(peak)).toEqual(rounded(gflops / 0.5 / 1000, gflops / 2 / 400));
  expect(shares({ float32: 500, bfloat16: 1200 })).toEqual(rounded(gflops / 0.5 / 1200, gflops / 2 / 500));
  expect(shares(null)).toEqual(rounded(gflops / 0.5 / 1000, gflops / 2 / 200));
});

test("the table sets each size's time against its work, and its memory against full logits", () => {
  const table = scalingTable(sizes.map((_, i) => ours(i === 0 ? 1 : 1.5, gibibyte)));
  expect(table.map(({ timesSeconds }) => timesSeconds)).toEqual([1, 1.5, 1.5, 1.5]);
  const [base, tokens, layers, candidates] = table;
  expect(base?.timesWork).toBe(1);
  // Prompt and head do not double with it.
  for (const size of [tokens, layers, candidates]) {
    expect(size?.timesWork).toBeGreaterThan(1.5);
    expect(size?.timesWork).toBeLessThan(2);
  }
  expect(candidates?.fullLogitsGiB).toBeCloseTo(2 * (base?.fullLogitsGiB ?? 0), 2);
  expect(fullLogitsBytes(workload125M)).toBe(4 * 32_000 * 3 * 320);
});
