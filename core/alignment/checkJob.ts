/** What can be said about a job before its first step: settings that do not go together, rows that teach nothing. */
import { type AlignConfig, type LossSettings, loraTargets } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { EmitEvent } from "../contract/events.ts";
import { contextWithFactors, factorsNotice, type LongRope, longestRow } from "../models/longRope.ts";
import { checkContext } from "../models/servedContext.ts";
import { computeLoss, needsPairs, partsOf } from "./losses/index.ts";
import type { TrainingShape } from "./memory/shape.ts";
import type { TrainerInfo } from "./nativeTrainer.ts";
import type { PreparedRows } from "./prepareRows.ts";

/** @throws bad-setting before anything is loaded */
export function checkSettings(config: AlignConfig, canSample: boolean): void {
  const { loss, samples, lora } = config;
  // A loss that refuses its own settings does so here.
  computeLoss([[-1], [-1]], [2, 1], loss);
  checkMixture(loss);
  checkPairs(config);
  checkLora(lora);
  checkPrompts(samples);
  checkEarlyStop(config);
  if (samples.every > 0 && !canSample)
    throw new FolkmootError("bad-setting", {
      message: "samples.every is set, but nothing here can generate text.",
      reason: "The trainer was started without a language model to speak with.",
      action: "Set samples.every to 0.",
    });
}

/** @throws bad-setting where a loss stands twice: its weights would add up unseen, and its figures be shown as one's */
export function checkMixture(loss: LossSettings): void {
  const ids = partsOf(loss).map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice === undefined) return;
  throw new FolkmootError("bad-setting", {
    message: `The loss ${twice} stands twice in the mixture.`,
    reason: "One weight says how much a loss counts.",
    action: `Take one ${twice} out.`,
    details: { setting: "loss" },
  });
}

/** @throws bad-setting where the loss learns from lower-rated responses alone and none is let in */
export function checkPairs({ loss, maxRejected }: Pick<AlignConfig, "loss" | "maxRejected">): void {
  if (!needsPairs(loss) || maxRejected > 0) return;
  throw new FolkmootError("bad-setting", {
    message: `maxRejected is 0, and the ${loss.id} loss learns from lower-rated responses alone.`,
    action: "Set maxRejected to 1 or more.",
    details: { setting: "maxRejected" },
  });
}

/** @throws bad-setting where texts are to be written and there is no prompt for them */
export function checkPrompts({ every, prompts }: AlignConfig["samples"]): void {
  if (every === 0 || prompts.length > 0) return;
  throw new FolkmootError("bad-setting", {
    message: "samples.every is set, but samples.prompts is empty.",
    action: "Give at least one prompt (--sample-prompts), or set samples.every to 0.",
    details: { setting: "samples.prompts" },
  });
}

/** @throws bad-setting where the evaluation curve is to end the run and there is none */
export function checkEarlyStop({ earlyStop, evaluationShare }: AlignConfig): void {
  if (earlyStop.patience === 0 || evaluationShare > 0) return;
  throw new FolkmootError("bad-setting", {
    message: "earlyStop.patience is set, but evaluationShare is 0: there is no curve to end the run at.",
    action: "Hold out a share of the rows (--evaluation-share 0.05), or set earlyStop.patience to 0.",
    details: { setting: "earlyStop.patience" },
  });
}

/** @throws bad-setting naming the setting */
export function checkLora({ rsLora, ranks, targets, layers }: AlignConfig["lora"]): void {
  const own = loraTargets.filter((target) => ranks[target] !== undefined);
  if (rsLora && own.length > 0)
    throw new FolkmootError("bad-setting", {
      message: "Rank-stabilized LoRA does not go with ranks of their own for some matrices.",
      reason: "An adapter file holds one alpha, and alpha/√rank differs where ranks differ.",
      action: "Use one rank for all matrices, or LoRA that is not rank-stabilized.",
      details: { setting: "lora.rsLora" },
    });
  const idle = own.find((target) => !targets.includes(target));
  if (idle !== undefined)
    throw new FolkmootError("bad-setting", {
      message: `lora.ranks names ${idle}, which is no target.`,
      action: `Add ${idle} to lora.targets, or take it out of lora.ranks.`,
      details: { setting: "lora.ranks" },
    });
  if (layers !== null && layers.last < layers.first)
    throw new FolkmootError("bad-setting", {
      message: `The last layer (${layers.last}) comes before the first layer (${layers.first}).`,
      action: `Choose a last layer of ${layers.first} or more, or an earlier first one.`,
      details: { setting: "lora.layers" },
    });
}

/** What does not go together with the model. @throws bad-setting for layers or a context that it does not have */
export function checkShape({ lora, contextLength, model }: AlignConfig, shape: TrainingShape): void {
  checkLayers(lora, shape.layers);
  checkContext(contextLength, { path: model, trainedContext: shape.contextLength });
}

/** @throws bad-setting for layers that the model does not have; it has so many */
export function checkLayers({ layers }: Pick<AlignConfig["lora"], "layers">, count: number): void {
  if (layers === null || layers.last < count) return;
  throw new FolkmootError("bad-setting", {
    message: `The last layer is to be ${layers.last}, and the model has the layers 0 to ${count - 1}.`,
    reason: "Layers are counted from 0.",
    action: `Choose layers up to ${count - 1}, such as ${Math.floor(count / 2)}-${count - 1}.`,
    details: { setting: "lora.layers", layers: count },
  });
}

/** Rows can be no longer than the context of the model that is trained. */
export function limitLength(
  config: AlignConfig,
  info: Pick<TrainerInfo, "contextLength">,
  emit: EmitEvent,
  rope: LongRope | null = null,
): AlignConfig {
  const contextLength = rope === null ? info.contextLength : longestRow(rope, config.contextLength);
  if (config.maxLength <= contextLength) return config;
  const message = `Rows are cut at ${contextLength} tokens, the context of the model, instead of ${config.maxLength}.`;
  emit({ type: "warning", message, details: { maxLength: config.maxLength, contextLength } });
  return { ...config, maxLength: contextLength };
}

/**
 * Says what an adapter is right for, where the context that it is served with decides that. What is served from here keeps
 * to it; a warning is due only where no context does.
 */
export function tellFactors({ contextLength }: AlignConfig, rope: LongRope | null, emit: EmitEvent): void {
  if (rope === null) return;
  const details = { ...rope, contextLength };
  emit({ type: "notice", message: factorsNotice(rope, contextLength), details });
  if (contextWithFactors(rope, contextLength, 1) !== null) return;
  const message = `llama.cpp opens contexts of 256 tokens at least, where this model takes its long RoPE factors: nothing can serve what is trained with the short ones. Train with --context-length 256 or more.`;
  emit({ type: "warning", message, details });
}

/** @throws bad-setting when the loss lives on pairs and no row has one */
export function checkRows(config: AlignConfig, rows: PreparedRows, emit: EmitEvent): void {
  const { counts, training } = rows;
  if (training.length === 0) throw noPairs(config.loss, config.data);
  const parts = [
    [counts.rowsDropped, "rows without text were left out"],
    [counts.responsesDropped, "empty responses were left out"],
    [counts.queriesCut, "queries were cut at their left"],
    [counts.responsesCut, "responses were cut at the maximum"],
    [counts.duplicates, "rows repeat an earlier one"],
    [counts.outsideScale, "rows have a score outside 1 to 7"],
    [counts.pairless, `rows without a lower-rated response teach nothing under ${config.loss.id} and were left out`],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (said.length === 0) return;
  emit({ type: "warning", message: `${said.join("; ")}.`, details: { ...counts, training: training.length } });
}

/** The loss lives on pairs, and no row has one. */
export function noPairs(loss: LossSettings, data: string): FolkmootError {
  return new FolkmootError("bad-setting", {
    message: `The ${loss.id} loss has nothing to learn from ${data}: no row has a response that is rated lower than its best.`,
    reason: "It compares the best response with lower-rated ones.",
    action: "Choose data with rated alternatives, or a loss that learns the best response by itself (sft, orpo).",
    details: { loss: loss.id, data },
  });
}
