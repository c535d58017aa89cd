/** The form of a society as data. Not in it: `semantics` and `memory.embedder`, which have only one choice yet. */
import {
  contextLength,
  promptFormat,
  samplingRow,
  seed,
  sequences,
  speakingDevice,
  threads,
} from "../../forms/commonFields.ts";
import type { FormValues, SectionDescription } from "../../forms/description.ts";
import { text } from "../../text/en.ts";

const words = text.society.setup;

type World = keyof typeof words.settingTexts;

const isLocal = (form: FormValues) => form.text("interaction") !== "global";
const asksPeers = (form: FormValues) => form.number("peers") !== 0;
const hasPrior = (form: FormValues) => form.text("priorMemory.path") !== "";

export const societyHead: SectionDescription = { id: "head", title: words.title, fields: [] };

export const societySections: readonly SectionDescription[] = [
  {
    id: "speakers",
    title: words.sections.speakers,
    open: true,
    fields: [
      { kind: "own", name: "populations", setting: "populations", label: text.forms.model },
      {
        kind: "model",
        setting: "observer",
        label: words.observer,
        explanation: words.observerText,
        none: words.observerSame,
        speaker: true,
      },
      {
        kind: "adapter",
        setting: "observer.adapter",
        label: words.observerAdapter,
        model: "observer.model",
        visible: (form) => form.text("observer.model") !== "",
      },
      {
        kind: "lines",
        setting: "personas",
        label: words.personas,
        explanation: words.personasText,
        placeholder: words.personasEmpty,
      },
    ],
  },
  {
    id: "world",
    title: words.sections.world,
    open: true,
    fields: [
      [
        { kind: "number", setting: "grid.rows", label: words.rows },
        { kind: "number", setting: "grid.columns", label: words.columns },
        { kind: "number", setting: "rounds", label: words.rounds },
      ],
      {
        kind: "choice",
        as: "list",
        setting: "world.setting",
        label: words.setting,
        explanation: (form) => words.settingTexts[form.text("world.setting") as World] ?? "",
        choices: words.settings,
      },
      {
        kind: "share",
        setting: "world.goodShare",
        label: words.goodShare,
        visible: (form) => form.text("world.setting") === "custom",
      },
    ],
  },
  {
    id: "questions",
    title: words.sections.questions,
    open: true,
    fields: [
      {
        kind: "path",
        setting: "questions.path",
        label: words.questions,
        explanation: words.questionsText,
        endings: ["txt", "jsonl", "csv", "json"],
        remember: "questions",
      },
      { kind: "choice", setting: "questions.order", label: words.order, choices: words.orders },
      {
        kind: "path",
        setting: "priorMemory.path",
        label: words.priorMemory,
        explanation: words.priorMemoryText,
        endings: ["json", "jsonl"],
        remember: "questions",
        optional: true,
      },
      [
        {
          kind: "number",
          setting: "priorMemory.pairs",
          label: words.pairs,
          explanation: words.pairsText,
          disabled: (form) => !hasPrior(form),
        },
        {
          kind: "number",
          setting: "memory.threshold",
          label: words.threshold,
          explanation: words.thresholdText,
          step: 0.05,
        },
      ],
    ],
  },
  {
    id: "interaction",
    title: words.sections.interaction,
    note: (form) => words.peersNote(form.number("peers") ?? 0),
    fields: [
      { kind: "choice", setting: "interaction", label: words.interaction, choices: words.interactions },
      [
        { kind: "number", setting: "peers", label: words.peers, explanation: words.peersText },
        {
          kind: "number",
          setting: "radius",
          label: words.radius,
          explanation: words.radiusText,
          empty: words.radiusEmpty,
          step: 0.5,
          disabled: (form) => !isLocal(form),
        },
        { kind: "number", setting: "revisions", label: words.revisions, explanation: words.revisionsText },
      ],
      {
        kind: "share",
        setting: "dropout",
        label: words.dropout,
        explanation: words.dropoutText,
        disabled: (form) => !asksPeers(form),
      },
    ],
  },
  {
    id: "sampling",
    title: words.sections.sampling,
    note: (form) => words.samplingNote(form.number("sampling.temperature"), form.number("sampling.maxTokens")),
    fields: [samplingRow, promptFormat],
  },
  {
    id: "run",
    title: words.sections.run,
    note: (form) => words.seedNote(form.number("seed")),
    fields: [
      [seed, sequences, threads],
      contextLength,
      ...speakingDevice,
      {
        kind: "switch",
        setting: "deterministic",
        label: words.deterministic,
        explanation: words.deterministicText,
      },
    ],
  },
];
