/** Setting up and starting a society; presets of worlds. */
import { z } from "zod";
import { type SocietyConfigInput, societyConfig } from "../society.ts";
import { procedure, runKey, settingProblem, settingsOf } from "./common.ts";
import { jobId } from "./runs.ts";

/** Fields of a job that is started. */
export const startOptions = z.object({
  /** What a person calls the run; default: made from kind and number. */
  name: z.string().trim().min(1).max(120).optional(),
  /** Start although the estimate is above `settings.memoryCeiling`. */
  overMemoryCeiling: z.boolean().default(false),
});

export const started = z.object({ job: jobId, run: runKey.nullable() });

export const worldPreview = z.object({
  /** Row-major. */
  agents: z.array(
    z.object({
      id: z.number().int(),
      row: z.number().int(),
      column: z.number().int(),
      label: z.enum(["good", "bad"]),
      population: z.number().int(),
      persona: z.string().nullable(),
      /** Ids of those that it may ask. */
      neighbours: z.array(z.number().int()),
    }),
  ),
  /** Radius in force. */
  radius: z.number(),
  /** Agents with fewer neighbours than `peers`. */
  shortOfPeers: z.number().int(),
  interactions: z.number().int(),
  /** Model calls: drafts, feedback, revisions, observer's scores. */
  calls: z.number().int(),
  /** Questions in the file; null when it cannot be read. */
  questions: z.number().int().nullable(),
  problems: z.array(settingProblem),
});
export type WorldPreview = z.infer<typeof worldPreview>;

export const societyContract = {
  society: {
    /** The settings that a new society starts from, with every default filled in where there is one. */
    defaults: procedure.output(z.record(z.string(), z.unknown())),
    /** Nothing starts; an unfinished configuration is fine, what is missing stands in `problems`. */
    preview: procedure.input(z.object({ config: settingsOf<Partial<SocietyConfigInput>>() })).output(worldPreview),
    /** `bad-setting` with `details.setting` before anything starts. Seed 0 is a seed like any other. */
    start: procedure
      .input(startOptions.extend({ config: settingsOf<SocietyConfigInput>() }))
      .output(started.extend({ config: societyConfig })),
  },
  demo: {
    /** Society → data → align → evaluate → exports of the experiment that came along. */
    start: procedure
      .input(
        z.object({ size: z.string().default("small"), seed: z.number().int().nonnegative().default(1) }).prefault({}),
      )
      .output(z.object({ job: jobId })),
    /** results.json of a finished demo; null before. */
    results: procedure.input(z.object({ job: jobId })).output(z.record(z.string(), z.unknown()).nullable()),
  },
};
