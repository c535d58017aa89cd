/** Every setting of an alignment run as a flag. */
import { alignConfig, loraTargets } from "../../core/contract/alignment.ts";
import { asList, asNumber, asPath, asSwitch, asText, type SettingFlag } from "./flags.ts";

export const alignFlags: readonly SettingFlag[] = [
  { flags: "--model <file>", path: "model", help: "GGUF of the base model", read: asPath },
  {
    flags: "--data <file>",
    path: "data",
    help: "alignment rows, or the published format [{query, responses[], scores[]}]",
    read: asPath,
  },
  { flags: "--seed <n>", path: "seed", help: "seed of order, split and adapter", read: asNumber },
  { flags: "--loss <id>", path: "loss.id", help: "stable-alignment or sft", read: asText },
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
  { flags: "--rank <n>", path: "lora.rank", help: "LoRA rank, 1 to 1024", read: asNumber },
  { flags: "--alpha <a>", path: "lora.alpha", help: "LoRA alpha; the update is scaled by alpha/rank", read: asNumber },
  {
    flags: "--targets <list>",
    path: "lora.targets",
    help: `linears that get an adapter, of ${loraTargets.join(",")}`,
    read: asList,
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
  { flags: "--threads <n>", path: "threads", help: "compute threads, 0 = one per core", read: asNumber },
];

/** What the schema fills in; the two paths have no default. */
export function alignDefaults(): object {
  const { model: _model, data: _data, ...defaults } = alignConfig.parse({ model: "-", data: "-" });
  return defaults;
}
