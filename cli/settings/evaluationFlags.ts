/** Every setting of an evaluation as a flag. */
import { evaluationConfig } from "../../core/contract/evaluation.ts";
import { deviceFlags } from "./deviceFlags.ts";
import { asNumber, asPath, asText, type SettingFlag } from "./flags.ts";

export const evaluationFlags: readonly SettingFlag[] = [
  { flags: "--model <file>", path: "model", help: "GGUF of the base model", read: asPath },
  { flags: "--adapter <file>", path: "adapter", help: "LoRA GGUF of the aligned side", read: asPath },
  {
    flags: "--aligned-model <file>",
    path: "alignedModel",
    help: "GGUF of the aligned side where it is another file (a merged export)",
    read: asPath,
  },
  {
    flags: "--questions <file>",
    path: "questions",
    help: "held-out questions with their keys (jsonl, JSON), or txt with a judge",
    read: asPath,
  },
  { flags: "--limit <n>", path: "limit", help: "only the first n questions", read: asNumber },
  {
    flags: "--training-data <file>",
    path: "trainingData",
    help: "alignment data that no question may occur in",
    read: asPath,
  },
  { flags: "--judge <file>", path: "judge.model", help: "GGUF that scores answers without a key", read: asPath },
  { flags: "--judge-adapter <file>", path: "judge.adapter", help: "LoRA GGUF of the judge", read: asPath },
  { flags: "--seed <n>", path: "seed", help: "seed of the answers, the same for both sides", read: asNumber },
  { flags: "--temperature <t>", path: "sampling.temperature", help: "0 = most likely token", read: asNumber },
  { flags: "--top-p <p>", path: "sampling.topP", help: "nucleus, 1 = off", read: asNumber },
  { flags: "--max-tokens <n>", path: "sampling.maxTokens", help: "longest answer", read: asNumber },
  { flags: "--prompt-format <name>", path: "promptFormat", help: "template, or chat (the GGUF's own)", read: asText },
  {
    flags: "--context-length <n>",
    path: "contextLength",
    help: "context of every model, tokens; none = at most 2048, with the RoPE factors that an adapter was trained with",
    read: asNumber,
  },
  { flags: "--resamples <n>", path: "resamples", help: "resamples of the paired bootstrap", read: asNumber },
  { flags: "--confidence <c>", path: "confidence", help: "confidence of every interval", read: asNumber },
  { flags: "--sequences <n>", path: "sequences", help: "sequences decoded in one batch, per side", read: asNumber },
  { flags: "--threads <n>", path: "threads", help: "compute threads, 0 = one per core", read: asNumber },
  ...deviceFlags,
];

/** What the schema fills in; the two required paths have no default. */
export function evaluationDefaults(): object {
  const { model: _model, questions: _questions, ...defaults } = evaluationConfig.parse({ model: "-", questions: "-" });
  return defaults;
}
