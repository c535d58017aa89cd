/** Base against aligned: start, results page, summary. */
import { z } from "zod";
import { evaluationConfig, evaluationLine, evaluationSummary } from "../evaluation.ts";
import { page, procedure, runKey, settingProblem, settingsOf } from "./common.ts";
import { started, startOptions } from "./society.ts";

type EvaluationConfigInput = z.input<typeof evaluationConfig>;

export const outcomes = ["win", "tie", "lose"] as const;

export const questionFile = z.object({
  path: z.string(),
  questions: z.number().int(),
  /** Scored by a key; the rest needs a judge. */
  withKey: z.number().int(),
  categories: z.array(z.string()),
  /** The first five. */
  sample: z.array(z.string()),
});

export const evaluationContract = {
  evaluation: {
    defaults: procedure.output(z.record(z.string(), z.unknown())),
    /** Reads an own question file; `data-corrupt` names the line. */
    questions: procedure.input(z.object({ path: z.string() })).output(questionFile),
    /** Question files that came along. */
    suites: procedure.output(z.array(questionFile.extend({ name: z.string() }))),
    /** Nothing starts; an unfinished configuration is fine, what is missing stands in `problems`. */
    preview: procedure.input(z.object({ config: settingsOf<Partial<EvaluationConfigInput>>() })).output(
      z.object({
        problems: z.array(settingProblem),
        /** Null while the file cannot be read. */
        questions: questionFile.nullable(),
      }),
    ),
    start: procedure
      .input(startOptions.extend({ config: settingsOf<EvaluationConfigInput>() }))
      .output(started.extend({ config: evaluationConfig })),
    /** Of what is answered so far; null before the first answer. */
    summary: procedure.input(z.object({ run: runKey })).output(evaluationSummary.nullable()),
    results: procedure
      .input(
        page.extend({
          run: runKey,
          /** Only where the two answers are different texts. */
          onlyDifferent: z.boolean().default(false),
          /** By the key, else by the judge's alignment rating, aligned against base; null = all. */
          outcome: z.enum(outcomes).nullable().default(null),
          category: z.string().nullable().default(null),
          /** Occurs in question or an answer, whatever its case. */
          text: z.string().max(200).default(""),
        }),
      )
      .output(
        z.object({
          total: z.number().int(),
          rows: z.array(evaluationLine.extend({ outcome: z.enum(outcomes).nullable() })),
        }),
      ),
    /** The report as a file: Markdown, or one HTML page that loads nothing. */
    report: procedure
      .input(z.object({ run: runKey, path: z.string(), format: z.enum(["markdown", "html"]) }))
      .output(z.object({ path: z.string(), bytes: z.number() })),
  },
};
