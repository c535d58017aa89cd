/** The frozen settings of a run that people ask for first, each with its name. Pure. */
import { loraTargets } from "../../../core/contract/alignment.ts";
import { formatSignificant } from "../../format/numbers.ts";
import { fileName } from "../../format/paths.ts";
import { settingAt } from "../../forms/settings.ts";
import { text } from "../../text/en.ts";
import { dialWords } from "./dial.ts";
import { alignSections } from "./fields.ts";
import { lossName } from "./lossFields.ts";

const words = text.align;

/** Where an adapter is when nobody said otherwise; runs of files that lack them are such. */
const wholeAdapter: readonly { readonly setting: string; readonly isUsual: (value: unknown) => boolean }[] = [
  { setting: "lora.rsLora", isUsual: (value) => value !== true },
  { setting: "lora.targets", isUsual: (value) => !Array.isArray(value) || value.length === loraTargets.length },
  { setting: "lora.ranks", isUsual: (value) => Object.keys(value ?? {}).length === 0 },
  { setting: "lora.layers", isUsual: (value) => value === null || value === undefined },
];

/** What of LoRA differs from the whole model with one rank stands too; the rest is in config.json. */
export function settingsFacts(config: unknown): (readonly [string, string])[] {
  const at = (name: string) => settingAt(config, name);
  const number = (name: string) => formatSignificant(at(name) as number | undefined);
  const file = (name: string) => fileName(String(at(name) ?? ""));
  return [
    [words.facts.model, file("model")],
    [words.facts.data, file("data")],
    [words.facts.loss, lossName(at("loss"))],
    [words.facts.lora, words.loraFact(number("lora.rank"), number("lora.alpha"))],
    ...wholeAdapter.flatMap(({ setting, isUsual }): [string, string][] => {
      const shown = isUsual(at(setting)) ? null : dialWords(alignSections, setting, at(setting));
      return shown === null ? [] : [[shown.label, shown.value]];
    }),
    [words.facts.rate, number("optimizer.learningRate")],
    [words.facts.epochs, number("epochs")],
    [words.facts.seed, number("seed")],
  ];
}
