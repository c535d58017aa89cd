/** What a setting is, in words. Pure. */
import { numberText } from "../components/numberText.ts";
import { formatShare } from "../format/numbers.ts";
import { fileName } from "../format/paths.ts";
import { text } from "../text/en.ts";
import type { FieldDescription } from "./description.ts";

const words = text.forms;

/** A value in the words of its field. */
export function shownValue(value: unknown, field: FieldDescription): string {
  if (field.kind === "number" && (value === null || value === field.emptyValue))
    return field.empty ?? words.values.none;
  if (field.kind === "model" && value === null) return field.none ?? words.values.none;
  if (value === null || value === "") return words.values.none;
  if (field.kind === "choice") return field.choices[String(value)] ?? String(value);
  if (field.kind === "share") return formatShare(Number(value));
  if (typeof value === "boolean") return value ? words.values.on : words.values.off;
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return value.length === 0 ? words.values.none : words.values.several(value.length);
  return typeof value === "string" ? fileName(value) : words.values.none;
}
