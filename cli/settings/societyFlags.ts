/** Every setting of a society as a flag. A society of several models is written as a configuration file. */
import { societyConfig, worldSettings } from "../../core/contract/society.ts";
import { deviceFlags } from "./deviceFlags.ts";
import { asNumber, asPath, asSwitch, asText, badFlag, type ReadContext, type SettingFlag } from "./flags.ts";

const asGrid = (text: string, { flag }: ReadContext) => {
  const match = /^(\d+)\s*[x×]\s*(\d+)$/.exec(text.trim());
  if (match === null) throw badFlag(flag, `"${text}" is not of the form 4x4`);
  return { rows: Number(match[1]), columns: Number(match[2]) };
};

export const societyFlags: readonly SettingFlag[] = [
  { flags: "--questions <file>", path: "questions.path", help: "questions: txt, jsonl or csv", read: asPath },
  { flags: "--order <name>", path: "questions.order", help: "given or shuffled", read: asText },
  { flags: "--seed <n>", path: "seed", help: "seed of everything that is drawn", read: asNumber },
  {
    flags: "--deterministic <on|off>",
    path: "deterministic",
    help: "equal seeds give equal texts on one machine",
    read: asSwitch,
  },
  { flags: "--semantics <name>", path: "semantics", help: "paper; societies have no other", read: asText },
  { flags: "--grid <RxC>", path: "grid", help: "rows x columns, up to 40x40", read: asGrid },
  { flags: "--world <name>", path: "world.setting", help: worldSettings.join(", "), read: asText },
  {
    flags: "--good-share <s>",
    path: "world.goodShare",
    help: "share of good agents in a custom world",
    read: asNumber,
  },
  { flags: "--interaction <name>", path: "interaction", help: "local or global", read: asText },
  { flags: "--radius <r>", path: "radius", help: "neighbourhood, cells; none = half the longer side", read: asNumber },
  { flags: "--peers <n>", path: "peers", help: "peers asked per question, 0 = self-critique only", read: asNumber },
  { flags: "--dropout <p>", path: "dropout", help: "probability that a peer stays silent", read: asNumber },
  { flags: "--rounds <n>", path: "rounds", help: "rounds; every agent acts once in each", read: asNumber },
  { flags: "--prior <file>", path: "priorMemory.path", help: "what agents remember at the start", read: asPath },
  { flags: "--prior-pairs <n>", path: "priorMemory.pairs", help: "remembered pairs per agent", read: asNumber },
  { flags: "--temperature <t>", path: "sampling.temperature", help: "0 = most likely token", read: asNumber },
  { flags: "--top-p <p>", path: "sampling.topP", help: "nucleus, 1 = off", read: asNumber },
  { flags: "--max-tokens <n>", path: "sampling.maxTokens", help: "longest completion", read: asNumber },
  {
    flags: "--prompt-format <name>",
    path: "promptFormat",
    help: "template, or chat (the GGUF's own)",
    read: asText,
  },
  {
    flags: "--context-length <n>",
    path: "contextLength",
    help: "context of every model, tokens; none = at most 2048, with the RoPE factors that an adapter was trained with",
    read: asNumber,
  },
  { flags: "--memory-threshold <d>", path: "memory.threshold", help: "largest distance recalled", read: asNumber },
  {
    flags: "--embedder <name>",
    path: "memory.embedder",
    help: "lexical; there is no other yet",
    read: (text, context) => (text === "lexical" ? text : asPath(text, context)),
  },
  { flags: "--revisions <n>", path: "revisions", help: "revisions per draft, 1 to 8", read: asNumber },
  { flags: "--sequences <n>", path: "sequences", help: "sequences decoded in one batch", read: asNumber },
  { flags: "--threads <n>", path: "threads", help: "compute threads, 0 = one per core", read: asNumber },
  ...deviceFlags,
  {
    flags: "--observer <file>",
    path: "observer.model",
    help: "GGUF of the observer; none = the society's",
    read: asPath,
  },
  { flags: "--observer-adapter <file>", path: "observer.adapter", help: "LoRA GGUF of the observer", read: asPath },
];

/** The one population that `--model` and `--adapter` stand for. */
export const populationFlags: readonly SettingFlag[] = [
  { flags: "--model <file>", path: "model", help: "GGUF that the agents speak with", read: asPath },
  { flags: "--adapter <file>", path: "adapter", help: "LoRA GGUF on top of it", read: asPath },
];

/** What the schema fills in; paths have no default. */
export function societyDefaults(): object {
  const { populations: _populations, ...defaults } = societyConfig.parse({
    questions: { path: "-" },
    populations: [{ model: "-" }],
  });
  return {
    ...defaults,
    questions: { order: defaults.questions.order },
    grid: `${defaults.grid.rows}x${defaults.grid.columns}`,
  };
}
