/** Fields that more than one job has. */
import { text } from "../text/en.ts";
import type { ChoiceDescription, FieldDescription, NumberDescription } from "./description.ts";

const words = text.forms;

export const samplingRow: readonly FieldDescription[] = [
  {
    kind: "number",
    setting: "sampling.temperature",
    label: words.temperature,
    explanation: words.temperatureText,
    step: 0.1,
  },
  { kind: "number", setting: "sampling.topP", label: words.topP, explanation: words.topPText, step: 0.05 },
  { kind: "number", setting: "sampling.maxTokens", label: words.maxTokens, unit: words.tokens, step: 8 },
];

export const promptFormat: ChoiceDescription = {
  kind: "choice",
  setting: "promptFormat",
  label: words.promptFormat,
  choices: words.promptFormats,
};

export const contextLength: NumberDescription = {
  kind: "number",
  setting: "contextLength",
  label: words.contextLength,
  explanation: words.contextLengthText,
  unit: words.tokens,
  empty: words.contextLengthEmpty,
  step: 256,
};

export const seed: NumberDescription = { kind: "number", setting: "seed", label: words.seed };

export const sequences: NumberDescription = {
  kind: "number",
  setting: "sequences",
  label: words.sequences,
  explanation: words.sequencesText,
};

/** 0 = as many as the settings or the machine say. */
export const threads: NumberDescription = {
  kind: "number",
  setting: "threads",
  label: words.threads,
  empty: words.automatic,
  emptyValue: 0,
};

/** Where it computes, and how much of it on a card. */
export function deviceFields(gpuText: string, gpuLayersText: string): readonly FieldDescription[] {
  return [
    { kind: "choice", setting: "gpu", label: words.gpu, explanation: gpuText, choices: words.gpuChoices },
    {
      kind: "number",
      setting: "gpuLayers",
      label: words.gpuLayers,
      explanation: gpuLayersText,
      empty: words.gpuLayersEmpty,
      emptyValue: "auto",
      disabled: (form) => form.value("gpu") === "off",
    },
  ];
}

/** Of the models that speak. */
export const speakingDevice = deviceFields(words.gpuText, words.gpuLayersText);
