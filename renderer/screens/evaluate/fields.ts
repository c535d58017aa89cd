/** The form of an evaluation as data. */
import {
  contextLength,
  promptFormat,
  samplingRow,
  seed,
  sequences,
  speakingDevice,
  threads,
} from "../../forms/commonFields.ts";
import type { SectionDescription } from "../../forms/description.ts";
import { text } from "../../text/en.ts";

const words = text.evaluate.setup;

export const evaluationHead: SectionDescription = {
  id: "head",
  title: words.title,
  fields: [
    {
      kind: "model",
      setting: "model",
      label: words.model,
      // The adapter of another model fits no more.
      sets: () => ({ adapter: null }),
    },
    { kind: "adapter", setting: "adapter", label: words.adapter, model: "model", chosen: true },
    {
      kind: "model",
      setting: "alignedModel",
      label: words.alignedModel,
      explanation: words.alignedText,
      none: words.alignedSame,
    },
    { kind: "own", name: "questions", setting: "questions", label: words.questions },
    {
      kind: "model",
      setting: "judge",
      label: words.judge,
      explanation: words.judgeText,
      none: words.judgeNone,
      speaker: true,
    },
    {
      kind: "adapter",
      setting: "judge.adapter",
      label: words.judgeAdapter,
      model: "judge.model",
      visible: (form) => form.text("judge.model") !== "",
    },
  ],
};

export const evaluationSections: readonly SectionDescription[] = [
  {
    id: "sampling",
    title: words.sections.sampling,
    note: (form) => words.samplingNote(form.number("sampling.temperature"), form.number("sampling.maxTokens")),
    fields: [samplingRow, promptFormat],
  },
  {
    id: "run",
    title: words.sections.run,
    note: (form) => words.runNote(form.number("limit"), form.number("confidence")),
    fields: [
      [
        { kind: "number", setting: "limit", label: words.limit, empty: words.limitEmpty, unit: words.questionsUnit },
        seed,
        threads,
      ],
      contextLength,
      ...speakingDevice,
      [
        {
          kind: "number",
          setting: "confidence",
          label: words.confidence,
          explanation: words.confidenceText,
          step: 0.01,
        },
        {
          kind: "number",
          setting: "resamples",
          label: words.resamples,
          explanation: words.resamplesText,
          step: 500,
        },
        sequences,
      ],
      {
        kind: "path",
        setting: "trainingData",
        label: words.trainingData,
        explanation: words.trainingDataText,
        endings: ["jsonl", "json"],
        remember: "data",
        optional: true,
      },
    ],
  },
];
