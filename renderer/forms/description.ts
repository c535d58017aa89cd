/** A form as data: which setting a field is of, what it is called, how it is set. Components draw it (FormSections.tsx). */

/** The values of a form, as descriptions read them. */
export interface FormValues {
  readonly number: (setting: string) => number | null;
  readonly text: (setting: string) => string;
  readonly value: (setting: string) => unknown;
}

interface Common {
  /** Dotted name in the job's schema, from which bounds and default come. */
  readonly setting: string;
  readonly label: string;
  /** One sentence under the control. */
  readonly explanation?: string | ((form: FormValues) => string);
  /** Default: always. */
  readonly visible?: (form: FormValues) => boolean;
  /** Greyed out where it has no effect. Default: never. */
  readonly disabled?: (form: FormValues) => boolean;
  /** Chosen for every job anew: there is no usual value to go back to. */
  readonly chosen?: boolean;
}

export interface NumberDescription extends Common {
  readonly kind: "number";
  readonly unit?: string;
  /** How far a press of an arrow goes; `decades`: 1, 2, 5, 10 … for what is set by orders of magnitude. Default 1. */
  readonly step?: number | "decades";
  /** What `emptyValue` means, shown where it is the value. */
  readonly empty?: string;
  /** The value of an empty field: a number, or a word such as `auto`. Default null. */
  readonly emptyValue?: number | string;
}

/** A share of 1 on a slider. */
export interface ShareDescription extends Common {
  readonly kind: "share";
}

export interface ChoiceDescription extends Common {
  readonly kind: "choice";
  /** Names by id, in the order shown. */
  readonly choices: Readonly<Record<string, string>>;
  /** `row`: side by side; `list`: opens. Default `row`. */
  readonly as?: "row" | "list";
  /** Ids that can be chosen now. Default: all. */
  readonly offered?: (form: FormValues) => readonly string[];
  /** Other settings that go with a choice. */
  readonly sets?: (id: string, form: FormValues) => Readonly<Record<string, unknown>>;
}

export interface SwitchDescription extends Common {
  readonly kind: "switch";
}

/** Several texts, one a line. */
export interface LinesDescription extends Common {
  readonly kind: "lines";
  readonly rows?: number;
  readonly placeholder?: string;
}

export interface PathDescription extends Common {
  readonly kind: "path";
  readonly endings: readonly string[];
  /** Where the dialog opens: places are remembered by this name. */
  readonly remember: string;
  /** May be empty, which is null. */
  readonly optional?: boolean;
}

/** A GGUF of the library. */
export interface ModelDescriptionField extends Common {
  readonly kind: "model";
  /** Only models that the trainer can train. */
  readonly trainable?: boolean;
  /** What no choice means; makes it a choice, which is null. */
  readonly none?: string;
  /** The setting holds `{model, adapter}` instead of a path. */
  readonly speaker?: boolean;
  /** Other settings that go with a choice. */
  readonly sets?: () => Readonly<Record<string, unknown>>;
}

/** A LoRA of the library that fits the model at `model`; none is null. */
export interface AdapterDescription extends Common {
  readonly kind: "adapter";
  readonly model: string;
}

/** A part with a component of its own, found by its name; `setting` leads to it. */
export interface OwnDescription extends Pick<Common, "setting" | "label" | "visible" | "chosen"> {
  readonly kind: "own";
  readonly name: string;
  /** Further settings that it sets. */
  readonly also?: readonly string[];
}

export type FieldDescription =
  | NumberDescription
  | ShareDescription
  | ChoiceDescription
  | SwitchDescription
  | LinesDescription
  | PathDescription
  | ModelDescriptionField
  | AdapterDescription
  | OwnDescription;

export interface SectionDescription {
  readonly id: string;
  readonly title: string;
  /** Stands open from the start. */
  readonly open?: boolean;
  /** What is set in it, while it is closed. */
  readonly note?: (form: FormValues) => string;
  /** Fields below each other; those of a list within stand side by side. */
  readonly fields: readonly (FieldDescription | readonly FieldDescription[])[];
}

export function fieldsOf(section: Pick<SectionDescription, "fields">): FieldDescription[] {
  return section.fields.flat();
}

/** What the field sets. */
export function settingsOf(field: FieldDescription): readonly string[] {
  return [field.setting, ...(field.kind === "own" ? (field.also ?? []) : [])];
}

/** Every setting that the sections set. */
export function settingsIn(sections: readonly Pick<SectionDescription, "fields">[]): string[] {
  return sections.flatMap(fieldsOf).flatMap(settingsOf);
}

/** The field that a complaint about `setting` belongs to: its own, or the one that it is a part of. */
export function fieldFor(
  sections: readonly SectionDescription[],
  setting: string,
): { readonly section: SectionDescription; readonly field: FieldDescription } | null {
  const all = sections.flatMap((section) => fieldsOf(section).map((field) => ({ section, field })));
  const covers = (name: string) => name === setting || belongs(setting, name) || belongs(name, setting);
  const length = ({ field }: { field: FieldDescription }) => field.setting.length;
  return all.filter(({ field }) => settingsOf(field).some(covers)).sort((a, b) => length(b) - length(a))[0] ?? null;
}

/** True when `setting` is a part of `whole`: `lora.rank` of `lora`. */
export function belongs(setting: string, whole: string): boolean {
  return setting.startsWith(`${whole}.`) || setting.startsWith(`${whole}[`);
}
