/** The experiment file as configurations of its stations, with paths made absolute. */
import { dirname, join, resolve } from "node:path";
import { type AlignConfig, alignConfig, type DataSettings, dataSettings } from "../../core/contract/alignment.ts";
import { FolkmootError } from "../../core/contract/errors.ts";
import { type EvaluationConfig, evaluationConfig } from "../../core/contract/evaluation.ts";
import { type ExperimentSizeName, experimentFile } from "../../core/contract/experiment.ts";
import { type SocietyConfig, societyConfig } from "../../core/contract/society.ts";
import { readSettingsFile } from "../settings/baseSettings.ts";
import { mergeSettings } from "../settings/flags.ts";

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

export interface DemoPlan {
  readonly experiment: string;
  readonly size: ExperimentSizeName;
  readonly seed: number;
  readonly model: string;
  readonly society: SocietyConfig;
  readonly data: DataSettings;
  readonly align: AlignConfig;
  /** The adapter is still to be named: alignment makes it. */
  readonly evaluation: EvaluationConfig;
  readonly mergedType: string;
  readonly paths: DemoPaths;
}

/** Everything of a demo lies under one folder; runs are run directories. */
export function demoPaths(directory: string): DemoPaths {
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
 * @throws FolkmootError `data-not-found`, `data-corrupt` naming the setting
 */
export async function planDemo(
  file: string,
  directory: string,
  size: ExperimentSizeName,
  seed: number,
): Promise<DemoPlan> {
  try {
    const experiment = experimentFile.parse(await readSettingsFile(file));
    const parts = experiment.sizes[size];
    const folder = dirname(file);
    const model = resolve(folder, experiment.model);
    const paths = demoPaths(directory);
    const society = absolutePaths(folder, parts.society, [
      ["questions", "path"],
      ["priorMemory", "path"],
    ]);
    return {
      experiment: experiment.name,
      size,
      seed,
      model,
      society: societyConfig.parse({ ...society, seed, populations: [{ model }] }),
      data: dataSettings.parse({ ...parts.data, seed }),
      align: alignConfig.parse({ ...parts.align, seed, model, data: paths.data }),
      evaluation: evaluationConfig.parse({
        ...absolutePaths(folder, parts.evaluation, [["questions"]]),
        seed,
        model,
        trainingData: paths.data,
      }),
      mergedType: experiment.mergedType,
      paths,
    };
  } catch (error) {
    if (error instanceof FolkmootError) throw error;
    throw new FolkmootError(
      "data-corrupt",
      {
        message: `The experiment in ${file} cannot be used.`,
        reason: error instanceof Error ? error.message : String(error),
        action: "Restore the file, or correct the named settings.",
        details: { path: file },
      },
      { cause: error },
    );
  }
}

/** A copy in which the named settings, where they are texts, are paths from `folder`. */
function absolutePaths(
  folder: string,
  settings: Readonly<Record<string, unknown>>,
  names: readonly (readonly string[])[],
): Record<string, unknown> {
  let result: Record<string, unknown> = { ...settings };
  for (const keys of names) {
    const value = keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], settings);
    if (typeof value !== "string") continue;
    const nested = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), resolve(folder, value));
    result = mergeSettings(result, nested as Record<string, unknown>);
  }
  return result;
}
