/** Ours and the peer in turn, several times over, and the medians. */
import { machine, median } from "../machine.ts";
import { gibibytes, type Measured } from "./measured.ts";
import { type OurRun, ourTrainer } from "./ours.ts";
import { measurePeak, type Peak } from "./peak.ts";
import { findPython, type PeerRun, type PeerType, type Python, runPeer } from "./peer.ts";
import { usefulOperations, usefulTokens, type Workload } from "./workload.ts";

export interface ComparisonOptions {
  /** Rounds of all four trainers. */
  readonly runs: number;
  /** Steps of a run, the warm-up included. */
  readonly samples: number;
  readonly threads: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/** One round: ours beside the peer that works in the same precision. The peer's are null where it is skipped. */
export interface Round {
  readonly oursQ8: OurRun;
  readonly peerBf16: PeerRun | null;
  readonly oursF32: OurRun;
  readonly peerF32: PeerRun | null;
}

export async function compare(workload: Workload, options: ComparisonOptions) {
  const { runs, say, environment } = options;
  const before = machine();
  const python = await findPython(environment);
  if ("missing" in python) say(python.missing);
  say("Writing the models …");
  await using oursQ8 = await ourTrainer(workload, { ...options, encoding: "Q8_0" });
  await using oursF32 = await ourTrainer(workload, { ...options, encoding: "F32" });
  const peer = (type: PeerType) => peerRun(python, workload, { ...options, type });
  const told = async <Run extends Measured | null>(name: string, measured: Promise<Run>): Promise<Run> => {
    const run = await measured;
    if (run !== null) say(`${name}: ${run.secondsPerSample.toFixed(3)} s per sample, ${gibibytes(run.peakBytes)} GiB`);
    return run;
  };
  const rounds: Round[] = [];
  for (let round = 1; round <= runs; round++) {
    say(`Round ${round} of ${runs}`);
    rounds.push({
      oursQ8: await told("ours, Q8_0", oursQ8.run()),
      peerBf16: await told("torch, bfloat16", peer("bfloat16")),
      oursF32: await told("ours, F32", oursF32.run()),
      peerF32: await told("torch, float32", peer("float32")),
    });
  }
  return {
    ...summary(workload, rounds, await measurePeak(options.threads)),
    peer: "missing" in python ? python.missing : python.versions,
    machine: before,
  };
}

/** Whether the peer ran in every round: only then is there a comparison that is worth a file. */
export function hasPeer({ rounds }: { readonly rounds: readonly Round[] }): boolean {
  return rounds.every(({ peerBf16, peerF32 }) => peerBf16 !== null && peerF32 !== null);
}

async function peerRun(
  python: Python,
  workload: Workload,
  options: Parameters<typeof runPeer>[2],
): Promise<PeerRun | null> {
  return "missing" in python ? null : runPeer(python.path, workload, options);
}

/**
 * Medians over the rounds. A ratio is taken within a round, where both had the same machine, and then its median.
 * `speedRatio…`: the peer's seconds per sample over ours. `memoryRatio…`: our peak over the peer's, of the processes that
 * train; `…WithCommand` adds the command line that waits beside ours. `peakShare`: `definitions`. Null is what needs a peer
 * that was skipped, or a peak that could not be measured.
 */
export function summary(workload: Workload, rounds: readonly Round[], peak: Peak | null) {
  const overRounds = (value: (round: Round) => number | null) => {
    const values = rounds.map(value).filter((one) => one !== null);
    return values.length === 0 ? null : +median(values).toFixed(3);
  };
  const matmul = {
    float32: overRounds(({ peerF32 }) => peerF32?.matmulGflops ?? null),
    bfloat16: overRounds(({ peerBf16 }) => peerBf16?.matmulGflops ?? null),
  };
  // Whoever comes closest to it shows that the machine can do as much: units that peak.cpp does not see.
  const peakGflops = {
    float32: greatest(peak?.float32 ?? null, matmul.float32),
    bfloat16: greatest(peak?.bfloat16 ?? null, matmul.bfloat16) ?? peak?.float32 ?? null,
  };
  const trainer = (type: PeerType, of: (round: Round) => Measured | null) => {
    const most = peakGflops[type];
    const seconds = overRounds((round) => of(round)?.secondsPerSample ?? null);
    const peak = overRounds((round) => of(round)?.peakBytes ?? null);
    if (seconds === null || peak === null) return null;
    const gflops = usefulOperations(workload) / seconds / 1e9;
    return {
      secondsPerSample: seconds,
      samplesPerMinute: +(60 / seconds).toFixed(1),
      usefulTokensPerSecond: Math.round(usefulTokens(workload) / seconds),
      peakGiB: gibibytes(peak),
      peakShare: most === null ? null : +(gflops / most).toFixed(3),
    };
  };
  return {
    ...ratios(overRounds),
    trainers: {
      oursQ8: trainer("bfloat16", ({ oursQ8 }) => oursQ8),
      peerBf16: trainer("bfloat16", ({ peerBf16 }) => peerBf16),
      oursF32: trainer("float32", ({ oursF32 }) => oursF32),
      peerF32: trainer("float32", ({ peerF32 }) => peerF32),
    },
    peakGflops,
    peerMatmulGflops: matmul,
    definitions,
    rounds,
  };
}

const definitions = {
  peakShare:
    "Useful operations a second (4 for every frozen weight and token that meets it: a product forward, one backward; attention, adapter and padding not counted) over peakGflops of the type that is multiplied in: bfloat16 for a Q8_0 base, float32 for an F32 one.",
  peakGflops:
    "The most that this machine's processor can do in a type, billions of operations a second: multiply-adds in registers on all threads (bench/align/peak.cpp), or the peer's matrix product where that is faster.",
  peerMatmulGflops: "What torch's matrix product of 2048x2048 by 2048x512 reached right after its runs; median.",
};

function greatest(...values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function ratios(overRounds: (value: (round: Round) => number | null) => number | null) {
  const speed = (ours: Measured, peer: Measured | null) => peer && peer.secondsPerSample / ours.secondsPerSample;
  const memory = (ours: OurRun, peer: Measured | null, command = 0) =>
    peer && (ours.peakBytes + command) / peer.peakBytes;
  return {
    speedRatioBf16: overRounds(({ oursQ8, peerBf16 }) => speed(oursQ8, peerBf16)),
    speedRatioF32: overRounds(({ oursF32, peerF32 }) => speed(oursF32, peerF32)),
    memoryRatioBf16: overRounds(({ oursQ8, peerBf16 }) => memory(oursQ8, peerBf16)),
    memoryRatioF32: overRounds(({ oursF32, peerF32 }) => memory(oursF32, peerF32)),
    memoryRatioBf16WithCommand: overRounds(({ oursQ8, peerBf16 }) => memory(oursQ8, peerBf16, oursQ8.commandBytes)),
    memoryRatioF32WithCommand: overRounds(({ oursF32, peerF32 }) => memory(oursF32, peerF32, oursF32.commandBytes)),
  };
}
