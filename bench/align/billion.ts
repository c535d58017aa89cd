/** One billion parameters as Q4_K_M: what it takes with activations kept, and computed again. */
import { machine } from "../machine.ts";
import { gibibytes } from "./measured.ts";
import { ourTrainer } from "./ours.ts";
import type { ScalingOptions } from "./scaling.ts";
import { usefulTokens, workload1B } from "./workload.ts";

export async function measureBillion(options: ScalingOptions) {
  const before = machine();
  const runs = [];
  for (const activations of ["keep", "recompute"] as const) {
    await using trainer = await ourTrainer(workload1B, { ...options, encoding: "Q4_K_M", activations });
    const run = await trainer.run();
    options.say(`${activations}: ${run.secondsPerSample.toFixed(2)} s per sample, ${gibibytes(run.peakBytes)} GiB`);
    runs.push({
      activations,
      secondsPerSample: +run.secondsPerSample.toFixed(3),
      usefulTokensPerSecond: Math.round(usefulTokens(workload1B) / run.secondsPerSample),
      peakGiB: gibibytes(run.peakBytes),
      commandGiB: gibibytes(run.commandBytes),
      memory: run.memory,
    });
  }
  return { shape: workload1B, encoding: "Q4_K_M", samples: options.samples, runs, machine: before };
}
