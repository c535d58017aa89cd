/**
 * A whole experiment as one file: society → data → alignment → evaluation → exports, in sizes to choose from.
 * Paths in it are relative to the file. Seed and model come in when it starts, so the parts name neither; each part is
 * parsed by its own schema when its station starts.
 */
import { z } from "zod";
import { quantizationType } from "./models.ts";

/** Settings of one station, without `seed`, `model(s)` and what an earlier station produces. */
const settings = z.record(z.string(), z.unknown());

export const experimentSize = z.object({
  /** As `societyConfig`, without `seed` and `populations`. */
  society: settings,
  /** As `dataSettings`, without `seed`. */
  data: settings.default({}),
  /** As `alignConfig`, without `seed`, `model` and `data`. */
  align: settings,
  /** As `evaluationConfig`, without `seed`, `model` and `adapter`. */
  evaluation: settings,
});

export const experimentSizes = ["full", "small"] as const;

export const experimentFile = z.object({
  version: z.literal(1),
  name: z.string(),
  /** GGUF that agents, observer and training start from. */
  model: z.string(),
  /** File type of the merged export, by llama.cpp's name. */
  mergedType: quantizationType.default("Q8_0"),
  sizes: z.record(z.enum(experimentSizes), experimentSize),
});
export type ExperimentFile = z.infer<typeof experimentFile>;
export type ExperimentSize = z.infer<typeof experimentSize>;
export type ExperimentSizeName = (typeof experimentSizes)[number];
