/** What doubling a part of the work does to time and memory. */
import { model125M } from "../../scripts/models/randomModel.ts";
import { machine } from "../machine.ts";
import { gibibytes } from "./measured.ts";
import { type OurRun, ourTrainer } from "./ours.ts";
import { fullLogitsBytes, usefulOperations, usefulTokens, type Workload } from "./workload.ts";

const half: Workload = {
  model: { ...model125M, shape: { ...model125M.shape, layers: 6 } },
  promptTokens: 60,
  responseTokens: [100, 100, 100],
  rank: 16,
};

/** The first is what the others are compared with; each other doubles one thing. */
export const sizes: readonly { readonly name: string; readonly workload: Workload }[] = [
  { name: "base", workload: half },
  { name: "response tokens × 2", workload: { ...half, responseTokens: [200, 200, 200] } },
  { name: "layers × 2", workload: { ...half, model: model125M } },
  { name: "candidates × 2", workload: { ...half, responseTokens: [100, 100, 100, 100, 100, 100] } },
];

export interface ScalingOptions {
  readonly samples: number;
  readonly threads: number;
  readonly say: (line: string) => void;
}

export async function measureScaling(options: ScalingOptions) {
  const before = machine();
  const runs: OurRun[] = [];
  for (const { name, workload } of sizes) {
    await using trainer = await ourTrainer(workload, { ...options, encoding: "Q8_0" });
    const run = await trainer.run();
    options.say(`${name}: ${run.secondsPerSample.toFixed(3)} s per sample, ${gibibytes(run.peakBytes)} GiB`);
    runs.push(run);
  }
  return { sizes: scalingTable(runs), machine: before };
}

/**
 * `times` are over the base. Cost is linear where `timesSeconds` is `timesWork` (useful operations, workload.ts) or less:
 * prompt and head are part of the work, so that doubling the layers alone is less than twice of it.
 * `arenaGiB` holds the output head's chunk and one block's intermediate results; `fullLogitsGiB` is what padded rows of
 * full logits would take once.
 */
export function scalingTable(runs: readonly OurRun[]) {
  const [base] = sizes;
  const first = runs[0];
  if (base === undefined || first === undefined) return [];
  return sizes.flatMap(({ name, workload }, i) => {
    const run = runs[i];
    if (run === undefined) return [];
    return {
      name,
      layers: workload.model.shape.layers,
      tokens: usefulTokens(workload),
      secondsPerSample: +run.secondsPerSample.toFixed(3),
      timesSeconds: +(run.secondsPerSample / first.secondsPerSample).toFixed(2),
      timesWork: +(usefulOperations(workload) / usefulOperations(base.workload)).toFixed(2),
      peakGiB: gibibytes(run.peakBytes),
      activationsGiB: gibibytes(run.memory.activations ?? 0),
      arenaGiB: gibibytes(run.memory.arena ?? 0),
      fullLogitsGiB: gibibytes(fullLogitsBytes(workload)),
      before: run.before,
    };
  });
}
