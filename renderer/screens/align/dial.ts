/** What the effort dial has to do with the form: what a person set beside it, and what it set, in words. Pure. */
import { loraTargets } from "../../../core/contract/alignment.ts";
import { fieldFor, type SectionDescription } from "../../forms/description.ts";
import { type SettingsDraft, settingAt, withSetting } from "../../forms/settings.ts";
import { shownValue } from "../../forms/shownValue.ts";
import { text } from "../../text/en.ts";
import type { LayerRange } from "./layers.ts";

const words = text.align.setup;

/** Nothing is derived around these: they are asked for by themselves, or nothing depends on them. */
const apart = ["model", "data", "loss", "samples"];

/** The settings that a person changed, nested, as `align.defaults` takes them. */
export function settingsByHand(draft: SettingsDraft, touched: ReadonlySet<string>): SettingsDraft {
  const names = [...touched].filter((name) => !apart.some((one) => name === one || name.startsWith(`${one}.`))).sort();
  return names.reduce<SettingsDraft>((result, name) => withSetting(result, name, settingAt(draft, name)), {});
}

/** Null where the form has no field for it. */
export function dialWords(
  sections: readonly SectionDescription[],
  setting: string,
  value: unknown,
): { readonly label: string; readonly value: string } | null {
  const field = fieldFor(sections, setting)?.field;
  if (field === undefined) return null;
  if (setting === "lora.ranks") return { label: words.ownRanks, value: ranksText(value as Record<string, number>) };
  if (setting === "lora.layers") return { label: field.label, value: layersText(value as LayerRange | null) };
  if (setting === "lora.targets") return { label: field.label, value: targetsText(value as readonly string[]) };
  return { label: field.label, value: shownValue(value, field) };
}

function ranksText(ranks: Readonly<Record<string, number>>): string {
  const parts = Object.entries(ranks).map(([target, rank]) => `${target} ${rank}`);
  return parts.length === 0 ? text.forms.values.none : parts.join(", ");
}

function layersText(layers: LayerRange | null): string {
  return layers === null ? words.allLayers : `${layers.first}–${layers.last}`;
}

function targetsText(targets: readonly string[]): string {
  return targets.length === loraTargets.length ? words.allTargets : targets.join(", ");
}
