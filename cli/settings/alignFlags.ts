/** Every setting of an alignment run as a flag. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { alignConfig, loraTargets } from "../../core/contract/alignment.ts";
import {
  asLayers,
  asList,
  asNumber,
  asNumbersByName,
  asPath,
  asRange,
  asSwitch,
  asText,
  badFlag,
  type ReadContext,
  type SettingFlag,
  showRange,
} from "./flags.ts";

/** One prompt a line; empty lines are left out. */
function asLinesOfFile(text: string, { flag, workingFolder }: ReadContext): string[] {
  const path = resolve(workingFolder, text);
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  } catch (error) {
    const isThere = !["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    throw badFlag(flag, `${path} ${isThere ? "cannot be read" : "does not exist"}`);
  }
}

export const alignFlags: readonly SettingFlag[] = [
  { flags: "--model <file>", path: "model", help: "GGUF of the base model", read: asPath },
  {
    flags: "--data <file>",
    path: "data",
    help: "alignment rows, or the published format [{query, responses[], scores[]}]",
    read: asPath,
  },
  { flags: "--seed <n>", path: "seed", help: "seed of order, split and adapter", read: asNumber },
  {
    flags: "--loss <id>",
    path: "loss.id",
    help: "stable-alignment, sft, dpo, ipo, simpo, orpo or cpo-xu; several with weights: dpo:1,sft:0.2",
    read: asText,
  },
  {
    flags: "--semantics <name>",
    path: "loss.semantics",
    help: "paper, or reference (the released code)",
    read: asText,
  },
  {
    flags: "--reduction <name>",
    path: "loss.reduction",
    help: "over the lower-rated responses: sum, mean or max",
    read: asText,
  },
  { flags: "--margin <m>", path: "loss.margin", help: "margin per whole rating scale, nats per token", read: asNumber },
  { flags: "--ratio <r>", path: "loss.ratio", help: "weight of the penalty", read: asNumber },
  { flags: "--rating-scale <n>", path: "loss.ratingScale", help: "a rating gap is divided by this", read: asNumber },
  {
    flags: "--beta <b>",
    path: "loss.beta",
    help: "dpo, ipo, simpo, cpo-xu: strength of the reward; orpo: weight of the odds (0.1; simpo 2.5)",
    read: asNumber,
  },
  { flags: "--gamma <g>", path: "loss.gamma", help: "simpo: margin in units of the reward (1.375)", read: asNumber },
  {
    flags: "--nll-weight <a>",
    path: "loss.alpha",
    help: "cpo-xu: weight of the best's likelihood (1)",
    read: asNumber,
  },
  { flags: "--rank <n>", path: "lora.rank", help: "LoRA rank, 1 to 1024", read: asNumber },
  { flags: "--alpha <a>", path: "lora.alpha", help: "LoRA alpha; the update is scaled by alpha/rank", read: asNumber },
  {
    flags: "--rs-lora <on|off>",
    path: "lora.rsLora",
    help: "scale the update by alpha/√rank instead of alpha/rank",
    read: asSwitch,
  },
  {
    flags: "--targets <list>",
    path: "lora.targets",
    help: `linears that get an adapter, of ${loraTargets.join(",")}`,
    read: asList,
  },
  {
    flags: "--ranks <list>",
    path: "lora.ranks",
    help: "ranks of single targets, e.g. attn_q=32,ffn_down=8; none: one rank for all",
    read: asNumbersByName,
  },
  {
    flags: "--layers <a-b>",
    path: "lora.layers",
    help: "layers that get an adapter, from 0, e.g. 8-15, or all; backward stops at the first",
    read: asRange,
    show: showRange,
  },
  { flags: "--learning-rate <r>", path: "optimizer.learningRate", help: "highest learning rate", read: asNumber },
  { flags: "--beta1 <b>", path: "optimizer.beta1", help: "AdamW beta1", read: asNumber },
  { flags: "--beta2 <b>", path: "optimizer.beta2", help: "AdamW beta2", read: asNumber },
  { flags: "--epsilon <e>", path: "optimizer.epsilon", help: "AdamW epsilon", read: asNumber },
  { flags: "--weight-decay <w>", path: "optimizer.weightDecay", help: "AdamW weight decay", read: asNumber },
  {
    flags: "--clip-norm <n>",
    path: "optimizer.clipNorm",
    help: "largest global gradient norm, 0 = off",
    read: asNumber,
  },
  { flags: "--schedule <name>", path: "schedule.kind", help: "constant, linear or cosine", read: asText },
  {
    flags: "--warmup-share <s>",
    path: "schedule.warmupShare",
    help: "share of the steps in linear warm-up",
    read: asNumber,
  },
  { flags: "--epochs <n>", path: "epochs", help: "passes over the rows", read: asNumber },
  { flags: "--max-steps <n>", path: "maxSteps", help: "upper bound of optimizer steps", read: asNumber },
  { flags: "--accumulation <n>", path: "accumulation", help: "questions per optimizer step", read: asNumber },
  { flags: "--max-length <n>", path: "maxLength", help: "longest query + response, tokens", read: asNumber },
  {
    flags: "--context-length <n>",
    path: "contextLength",
    help: "context to serve the model with, if beyond its original one; matters to models with long-RoPE factors (Phi 3)",
    read: asNumber,
  },
  {
    flags: "--append-eos <on|off>",
    path: "appendEos",
    help: "end every response with the end-of-sequence token",
    read: asSwitch,
  },
  {
    flags: "--max-rejected <n>",
    path: "maxRejected",
    help: "lower-rated responses per row beside the best",
    read: asNumber,
  },
  {
    flags: "--evaluation-share <s>",
    path: "evaluationShare",
    help: "share of rows held out for the evaluation curve",
    read: asNumber,
  },
  {
    flags: "--evaluate-every <n>",
    path: "evaluateEvery",
    help: "steps between points of that curve, 0 = only at the end",
    read: asNumber,
  },
  {
    flags: "--checkpoint-every <n>",
    path: "checkpointEvery",
    help: "steps between checkpoints, 0 = only at the end",
    read: asNumber,
  },
  {
    flags: "--patience <n>",
    path: "earlyStop.patience",
    help: "end when so many points of that curve in a row are no better than the best, 0 = never",
    read: asNumber,
  },
  {
    flags: "--minimum-gain <g>",
    path: "earlyStop.minimumGain",
    help: "a point is better when its loss is lower by more than this",
    read: asNumber,
  },
  {
    flags: "--max-minutes <m>",
    path: "maxMinutes",
    help: "stop and keep after so many minutes; the same command goes on later",
    read: asNumber,
  },
  {
    flags: "--sample-every <n>",
    path: "samples.every",
    help: "steps between texts of base and tuned model side by side, 0 = none",
    read: asNumber,
  },
  {
    flags: "--sample-prompts <file>",
    path: "samples.prompts",
    help: "prompts of these texts, one a line, at most 16",
    read: asLinesOfFile,
  },
  { flags: "--sample-tokens <n>", path: "samples.maxTokens", help: "most tokens of such a text", read: asNumber },
  {
    flags: "--batch-tokens <n>",
    path: "batchTokens",
    help: "questions are packed up to so many tokens in one forward call; a larger one goes alone",
    read: asNumber,
  },
  {
    flags: "--activations <name>",
    path: "activations",
    help: "automatic, keep (faster) or recompute (less memory)",
    read: asText,
  },
  { flags: "--threads <n>", path: "threads", help: "compute threads, 0 = one per core", read: asNumber },
  {
    flags: "--gpu <name>",
    path: "gpu",
    help: "auto (a GPU with room for half of the layers, else the processor), off, cuda, vulkan or metal",
    read: asText,
  },
  {
    flags: "--gpu-layers <n>",
    path: "gpuLayers",
    help: "layers that live on the GPU, the others are copied there when needed: auto (as many as fit) or a number",
    read: asLayers,
  },
];

/** What the schema fills in; the two paths have no default. */
export function alignDefaults(): object {
  const { model: _model, data: _data, ...defaults } = alignConfig.parse({ model: "-", data: "-" });
  return defaults;
}
