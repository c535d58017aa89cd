/** An experiment file as configurations of its stations, with paths made absolute. Pure. */
import { dirname, resolve } from "node:path";
import type { z } from "zod";
import { type AlignConfig, alignConfig, type DataSettings, dataSettings } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import { type EvaluationConfig, evaluationConfig } from "../contract/evaluation.ts";
import { type ExperimentSize, type ExperimentSizeName, experimentSizes } from "../contract/experiment.ts";
import type { QuantizationType } from "../contract/models.ts";
import { type SocietyConfig, societyConfig } from "../contract/society.ts";
import { type Experiment, unusableExperiment } from "./readExperiment.ts";

export interface ExperimentPlan {
  /** Name of the experiment. */
  readonly name: string;
  readonly size: ExperimentSizeName;
  readonly seed: number;
  readonly model: string;
  readonly society: SocietyConfig;
  readonly data: DataSettings;
  readonly align: AlignConfig;
  /** The adapter is still to be named: alignment makes it. */
  readonly evaluation: EvaluationConfig;
  readonly mergedType: QuantizationType;
}

export interface ExperimentChoice {
  /** One of `experimentSizes`. */
  readonly size: string;
  readonly seed: number;
  /** Absolute path of the alignment rows that the society's talk is made into. */
  readonly data: string;
}

/** @throws FolkmootError `bad-setting` for a size that does not exist; `data-corrupt` naming a setting of the file */
export function planExperiment(experiment: Experiment, { size, seed, data }: ExperimentChoice): ExperimentPlan {
  const { path, file, model } = experiment;
  const known = experimentSizes.find((name) => name === size);
  if (known === undefined) throw unknownSize(size);
  const parts = file.sizes[known];
  const parse = <Schema extends z.ZodType>(station: string, schema: Schema, value: unknown): z.infer<Schema> => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw unusableExperiment(path, parsed.error, station);
  };
  const absolute = (name: unknown) => (typeof name === "string" ? resolve(dirname(path), name) : name);
  return {
    name: file.name,
    size: known,
    seed,
    model,
    society: parse("society", societyConfig, { ...societyOf(parts, absolute), seed, populations: [{ model }] }),
    data: parse("data", dataSettings, { ...parts.data, seed }),
    align: parse("align", alignConfig, { ...parts.align, seed, model, data }),
    evaluation: parse("evaluation", evaluationConfig, {
      ...parts.evaluation,
      questions: absolute(parts.evaluation.questions),
      seed,
      model,
      trainingData: data,
    }),
    mergedType: file.mergedType,
  };
}

function societyOf({ society }: ExperimentSize, absolute: (path: unknown) => unknown): Record<string, unknown> {
  const withPath = (name: string) => {
    const part = society[name] as Record<string, unknown> | undefined;
    return part === undefined ? {} : { [name]: { ...part, path: absolute(part.path) } };
  };
  return { ...society, ...withPath("questions"), ...withPath("priorMemory") };
}

function unknownSize(size: string): FolkmootError {
  return new FolkmootError("bad-setting", {
    message: `The experiment has no size ${size}.`,
    action: `Choose one of ${experimentSizes.join(", ")}.`,
    details: { setting: "size" },
  });
}
