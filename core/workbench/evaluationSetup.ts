/** An evaluation before it starts. */
import { FolkmootError } from "../contract/errors.ts";
import { type EvaluationConfig, evaluationConfig } from "../contract/evaluation.ts";
import { evaluationSpeakers } from "../host/contexts.ts";
import { checkContexts, gatherProblems, named, problemsOf } from "./checkSettings.ts";
import type { Library } from "./library.ts";
import type { ReaderClient } from "./reader/openReader.ts";
import { checkSpeaker } from "./societySetup.ts";

/** Settings with every default filled in; model and questions are still to be chosen. */
export function evaluationDefaults(): Record<string, unknown> {
  const { model: _model, questions: _questions, ...rest } = evaluationConfig.parse({ model: "", questions: "" });
  return rest;
}

interface EvaluationTools {
  readonly library: Library;
  readonly reader: ReaderClient;
}

/** Never throws for what a person typed. */
export async function previewEvaluation(given: Readonly<Record<string, unknown>>, tools: EvaluationTools) {
  const whole = evaluationConfig.safeParse(given);
  const { questions: path } = given;
  const questions = typeof path === "string" ? await tools.reader.questions({ path }).catch(() => null) : null;
  const problems = whole.success ? await gatherProblems(checksOf(whole.data, tools)) : problemsOf(whole.error, given);
  return { problems, questions };
}

/** @throws FolkmootError naming the setting: everything that can be known without loading a model. */
export async function checkEvaluation(config: EvaluationConfig, tools: EvaluationTools): Promise<void> {
  for (const check of checksOf(config, tools)) await check();
}

function checksOf(config: EvaluationConfig, { library, reader }: EvaluationTools): (() => unknown)[] {
  const { model, adapter, alignedModel, judge, questions, trainingData } = config;
  const aligned = { setting: "aligned", model: alignedModel ?? model, adapter };
  return [
    () => named("model", () => library.describe(model)),
    () => checkSides(config),
    ...(alignedModel === null ? [] : [() => named("alignedModel", () => library.describe(alignedModel))]),
    ...(adapter === null ? [] : [() => renamed("aligned.adapter", "adapter", () => checkSpeaker(aligned, library))]),
    ...(judge === null ? [] : [() => checkSpeaker({ setting: "judge", ...judge }, library)]),
    async () => {
      const file = await named("questions", () => reader.questions({ path: questions }));
      if (judge === null) checkKeys(file);
    },
    () => checkContexts(() => evaluationSpeakers(config)),
    ...(trainingData === null ? [] : [() => named("trainingData", () => reader.describe({ path: trainingData }))]),
  ];
}

function checkSides({ adapter, alignedModel }: EvaluationConfig): void {
  if (adapter !== null || alignedModel !== null) return;
  throw new FolkmootError("bad-setting", {
    message: "Both sides are the same model.",
    action: "Choose an adapter, or another file for the aligned side.",
    details: { setting: "adapter" },
  });
}

function checkKeys({ questions, withKey }: { readonly questions: number; readonly withKey: number }): void {
  if (withKey === questions) return;
  throw new FolkmootError("bad-setting", {
    message: `${questions - withKey} of ${questions} questions have no key, and no judge is set.`,
    reason: "Without good phrases or a judge, no answer to them can be scored.",
    action: "Choose a judge, or give every question its good phrases.",
    details: { setting: "judge" },
  });
}

/** The aligned side's adapter is a setting of its own, not of a speaker. */
async function renamed(from: string, to: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof FolkmootError) || error.details.setting !== from) throw error;
    const { message, reason, action, details } = error;
    const parts = {
      message,
      ...(reason === undefined ? {} : { reason }),
      action,
      details: { ...details, setting: to },
    };
    throw new FolkmootError(error.code, parts, { cause: error });
  }
}
