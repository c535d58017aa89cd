/** An evaluation before it starts. */
import { FolkmootError } from "../contract/errors.ts";
import { type EvaluationConfig, evaluationConfig } from "../contract/evaluation.ts";
import { named } from "./checkSettings.ts";
import type { Library } from "./library.ts";
import type { ReaderClient } from "./reader/openReader.ts";
import { checkSpeaker } from "./societySetup.ts";

/** Settings with every default filled in; model and questions are still to be chosen. */
export function evaluationDefaults(): Record<string, unknown> {
  const { model: _model, questions: _questions, ...rest } = evaluationConfig.parse({ model: "", questions: "" });
  return rest;
}

/** @throws FolkmootError naming the setting: everything that can be known without loading a model. */
export async function checkEvaluation(
  config: EvaluationConfig,
  { library, reader }: { library: Library; reader: ReaderClient },
): Promise<void> {
  const { model, adapter, alignedModel, judge, questions, trainingData } = config;
  await named("model", async () => void (await library.describe(model)));
  if (adapter === null && alignedModel === null)
    throw new FolkmootError("bad-setting", {
      message: "Both sides are the same model.",
      action: "Choose an adapter, or another file for the aligned side.",
      details: { setting: "adapter" },
    });
  if (alignedModel !== null) await named("alignedModel", async () => void (await library.describe(alignedModel)));
  const aligned = { setting: "aligned", model: alignedModel ?? model, adapter };
  if (adapter !== null) await renamed("aligned.adapter", "adapter", () => checkSpeaker(aligned, library));
  if (judge !== null) await checkSpeaker({ setting: "judge", ...judge }, library);
  const file = await named("questions", () => reader.questions({ path: questions }));
  if (file.withKey < file.questions && judge === null)
    throw new FolkmootError("bad-setting", {
      message: `${file.questions - file.withKey} of ${file.questions} questions have no key, and no judge is set.`,
      reason: "Without good phrases or a judge, no answer to them can be scored.",
      action: "Choose a judge, or give every question its good phrases.",
      details: { setting: "judge" },
    });
  if (trainingData !== null)
    await named("trainingData", async () => void (await reader.describe({ path: trainingData })));
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
