/** The form of an alignment as data; what belongs to the losses stands in lossFields.ts. */
import { numberText } from "../../components/numberText.ts";
import { formatShare } from "../../format/numbers.ts";
import { deviceFields, seed, threads } from "../../forms/commonFields.ts";
import type { FormValues, SectionDescription } from "../../forms/description.ts";
import { text } from "../../text/en.ts";
import { lossName } from "./lossFields.ts";

const words = text.align.setup;

const holdsOut = (form: FormValues) => (form.number("evaluationShare") ?? 0) > 0;
const samples = (form: FormValues) => (form.number("samples.every") ?? 0) > 0;
const stopsEarly = (form: FormValues) => holdsOut(form) && (form.number("earlyStop.patience") ?? 0) > 0;
const promptCount = (form: FormValues) => {
  const prompts = form.value("samples.prompts");
  return Array.isArray(prompts) ? prompts.length : 0;
};

export const alignHead: SectionDescription = {
  id: "head",
  title: words.title,
  fields: [
    { kind: "model", setting: "model", label: text.forms.model, trainable: true },
    { kind: "own", name: "data", setting: "data", label: words.data },
  ],
};

export const alignSections: readonly SectionDescription[] = [
  {
    id: "loss",
    title: words.sections.loss,
    note: (form) => lossName(form.value("loss")),
    fields: [{ kind: "own", name: "loss", setting: "loss", label: words.loss }],
  },
  {
    id: "lora",
    title: words.sections.lora,
    note: (form) => words.loraNote(form.number("lora.rank"), form.number("lora.alpha")),
    fields: [
      [
        { kind: "number", setting: "lora.rank", label: words.rank, step: 4 },
        {
          kind: "number",
          setting: "lora.alpha",
          label: words.alpha,
          explanation: (form) => (form.value("lora.rsLora") === true ? words.alphaRsText : words.alphaText),
          step: 4,
        },
      ],
      { kind: "switch", setting: "lora.rsLora", label: words.rsLora, explanation: words.rsLoraText },
      { kind: "own", name: "targets", setting: "lora.targets", also: ["lora.ranks"], label: words.targets },
      { kind: "own", name: "layers", setting: "lora.layers", label: words.layers },
    ],
  },
  {
    id: "optimizer",
    title: words.sections.optimizer,
    note: (form) => words.rateNote(numberText(form.number("optimizer.learningRate")) || "–", form.number("epochs")),
    fields: [
      [
        {
          kind: "number",
          setting: "optimizer.learningRate",
          label: words.learningRate,
          explanation: words.learningRateText,
          step: "decades",
        },
        { kind: "number", setting: "epochs", label: words.epochs, explanation: words.epochsText },
        { kind: "number", setting: "accumulation", label: words.accumulation },
      ],
      [
        { kind: "number", setting: "maxSteps", label: words.maxSteps, empty: words.maxStepsEmpty, step: 10 },
        {
          kind: "number",
          setting: "optimizer.clipNorm",
          label: words.clipNorm,
          empty: words.clipNormEmpty,
          emptyValue: 0,
          step: 0.1,
        },
        { kind: "number", setting: "optimizer.weightDecay", label: words.weightDecay, step: 0.01 },
      ],
      { kind: "choice", setting: "schedule.kind", label: words.schedule, choices: words.schedules },
      { kind: "share", setting: "schedule.warmupShare", label: words.warmup, explanation: words.warmupText },
      [
        { kind: "number", setting: "optimizer.beta1", label: words.beta1, step: 0.01 },
        { kind: "number", setting: "optimizer.beta2", label: words.beta2, step: 0.001 },
        { kind: "number", setting: "optimizer.epsilon", label: words.epsilon, step: "decades" },
      ],
    ],
  },
  {
    id: "length",
    title: words.sections.length,
    note: (form) => words.lengthNote(form.number("maxLength"), form.number("maxRejected")),
    fields: [
      [
        { kind: "number", setting: "maxLength", label: words.maxLength, unit: words.tokens, step: 32 },
        { kind: "number", setting: "maxRejected", label: words.maxRejected, explanation: words.maxRejectedText },
        {
          kind: "number",
          setting: "batchTokens",
          label: words.batchTokens,
          explanation: words.batchTokensText,
          step: 128,
        },
      ],
      {
        kind: "number",
        setting: "contextLength",
        label: words.contextLength,
        explanation: words.contextLengthText,
        unit: words.tokens,
        empty: words.contextLengthEmpty,
        step: 1024,
      },
      {
        kind: "choice",
        setting: "activations",
        label: words.activations,
        explanation: words.activationsText,
        choices: words.activationChoices,
      },
      ...deviceFields(words.gpuText, words.gpuLayersText),
      { kind: "switch", setting: "appendEos", label: words.appendEos, explanation: words.appendEosText },
    ],
  },
  {
    id: "checks",
    title: words.sections.checks,
    note: (form) => words.checksNote(formatShare(form.number("evaluationShare")), form.number("earlyStop.patience")),
    fields: [
      {
        kind: "share",
        setting: "evaluationShare",
        label: words.evaluationShare,
        explanation: words.evaluationShareText,
      },
      [
        {
          kind: "number",
          setting: "evaluateEvery",
          label: words.evaluateEvery,
          unit: words.steps,
          empty: words.onlyAtEnd,
          emptyValue: 0,
          disabled: (form) => !holdsOut(form),
        },
        {
          kind: "number",
          setting: "checkpointEvery",
          label: words.checkpointEvery,
          unit: words.steps,
          empty: words.onlyAtEnd,
          emptyValue: 0,
        },
      ],
      [
        {
          kind: "number",
          setting: "earlyStop.patience",
          label: words.patience,
          explanation: words.patienceText,
          unit: words.points,
          empty: words.patienceEmpty,
          emptyValue: 0,
          disabled: (form) => !holdsOut(form),
        },
        {
          kind: "number",
          setting: "earlyStop.minimumGain",
          label: words.minimumGain,
          explanation: words.minimumGainText,
          step: 0.01,
          disabled: (form) => !stopsEarly(form),
        },
      ],
    ],
  },
  {
    id: "samples",
    title: words.sections.samples,
    note: (form) => words.samplesNote(form.number("samples.every"), promptCount(form)),
    fields: [
      [
        {
          kind: "number",
          setting: "samples.every",
          label: words.samplesEvery,
          unit: words.steps,
          empty: words.samplesNone,
          emptyValue: 0,
          step: 10,
        },
        {
          kind: "number",
          setting: "samples.maxTokens",
          label: words.samplesTokens,
          unit: words.tokens,
          step: 8,
          disabled: (form) => !samples(form),
        },
      ],
      { kind: "own", name: "prompts", setting: "samples.prompts", label: words.prompts },
    ],
  },
  {
    id: "run",
    title: words.sections.run,
    note: (form) => words.runNote(form.number("seed"), form.number("maxMinutes")),
    fields: [
      [
        seed,
        threads,
        {
          kind: "number",
          setting: "maxMinutes",
          label: words.maxMinutes,
          explanation: words.maxMinutesText,
          unit: words.minutes,
          empty: words.maxMinutesEmpty,
          step: 5,
        },
      ],
    ],
  },
];
