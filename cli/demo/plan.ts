/** The experiment of a demo, and where its stations write. */
import { join } from "node:path";
import type { ExperimentSizeName } from "../../core/contract/experiment.ts";
import { type ExperimentPlan, planExperiment } from "../../core/experiment/planExperiment.ts";
import { readExperiment } from "../../core/experiment/readExperiment.ts";

export interface DemoPaths {
  readonly society: string;
  readonly data: string;
  readonly align: string;
  readonly evaluation: string;
  readonly adapter: string;
  readonly merged: string;
  readonly results: string;
  readonly timings: string;
}

export interface DemoPlan extends ExperimentPlan {
  readonly paths: DemoPaths;
}

/** Everything of a demo lies under one folder; runs are run directories. */
function demoPaths(directory: string): DemoPaths {
  return {
    society: join(directory, "society"),
    data: join(directory, "data.json"),
    align: join(directory, "align"),
    evaluation: join(directory, "evaluation"),
    adapter: join(directory, "align", "exports", "adapter.gguf"),
    merged: join(directory, "align", "exports", "merged.gguf"),
    results: join(directory, "results.json"),
    timings: join(directory, "timings.json"),
  };
}

/**
 * @param file path of the experiment file
 * @param directory where everything goes
 * @throws as `readExperiment`, `planExperiment`
 */
export async function planDemo(
  file: string,
  directory: string,
  size: ExperimentSizeName,
  seed: number,
): Promise<DemoPlan> {
  const paths = demoPaths(directory);
  return { ...planExperiment(await readExperiment(file), { size, seed, data: paths.data }), paths };
}
