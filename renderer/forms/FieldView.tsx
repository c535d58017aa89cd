/** One described field, drawn: control, bounds, complaint, and the way back when it was changed. */
import { RotateCcw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../components/Button.tsx";
import { Segmented, SelectInput, SliderInput, SwitchInput } from "../components/choices.tsx";
import { AdapterSelect, ModelSelect } from "../components/ModelSelect.tsx";
import { NumberInput } from "../components/NumberInput.tsx";
import { PathInput } from "../components/PathInput.tsx";
import { formatShare } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import { type FieldDescription, type OwnDescription, settingsOf } from "./description.ts";
import { Lines } from "./Lines.tsx";
import { boundsAt } from "./schema.ts";
import { textsAt } from "./settings.ts";
import { shownValue } from "./shownValue.ts";
import type { SettingsForm } from "./useSettingsForm.ts";

const words = text.forms;

/** Components of the fields that have their own, by the name in the description. */
export type OwnFields = Readonly<Record<string, (props: { readonly form: SettingsForm }) => ReactNode>>;

export interface FieldViewProps<Field extends FieldDescription = FieldDescription> {
  readonly form: SettingsForm;
  readonly field: Field;
}

export function FieldView({ form, field, own }: FieldViewProps & { readonly own?: OwnFields }) {
  const changed = isChanged(form, field);
  const Own = field.kind === "own" ? own?.[field.name] : undefined;
  return (
    <div className={Own === undefined ? "form-field" : "form-field own"} data-changed={changed || undefined}>
      {Own === undefined ? null : <Own form={form} />}
      {field.kind === "own" ? null : <Control form={form} field={field} />}
      {changed ? <Reset form={form} field={field} /> : null}
    </div>
  );
}

export function isChanged(form: SettingsForm, field: FieldDescription): boolean {
  return field.chosen !== true && settingsOf(field).some((setting) => form.changed(setting));
}

function Reset({ form, field }: FieldViewProps) {
  const usual = form.defaultOf(field.setting);
  return (
    <div className="field-reset">
      <Button
        small
        look="quiet"
        icon={<RotateCcw size={12} />}
        hint={words.reset(field.label, field.kind === "own" ? words.values.usual : shownValue(usual, field))}
        onPress={({ target }) => {
          form.reset(settingsOf(field));
          // The button goes away with the change; whoever came by keyboard stays at the field.
          target.closest(".form-field")?.querySelector<HTMLElement>("input, textarea, button")?.focus();
        }}
      />
    </div>
  );
}

type Controlled = Exclude<FieldDescription, OwnDescription>;

function Control({ form, field }: FieldViewProps<Controlled>) {
  const { setting, label } = field;
  const explanation = typeof field.explanation === "function" ? field.explanation(form) : field.explanation;
  const common = {
    label,
    setting,
    problem: form.problem(setting),
    disabled: field.disabled?.(form) ?? false,
    ...(explanation === undefined ? {} : { explanation }),
  };
  const orNull = (value: string) => form.set(setting, value === "" ? null : value);
  const choose = (value: unknown, sets: Readonly<Record<string, unknown>> | undefined) =>
    sets === undefined ? form.set(setting, value) : form.setAll({ [setting]: value, ...sets });
  switch (field.kind) {
    case "number": {
      const { minimum, maximum, whole } = boundsAt(form.schema, setting, form.draft);
      const { emptyValue = null, step } = field;
      const value = form.number(setting);
      return (
        <NumberInput
          {...common}
          checked
          value={value === emptyValue ? null : value}
          emptyValue={typeof emptyValue === "number" ? emptyValue : null}
          onChange={(n) => form.set(setting, n ?? emptyValue)}
          minimum={minimum}
          maximum={maximum}
          whole={whole}
          {...(step === undefined ? {} : { step })}
          {...(field.unit === undefined ? {} : { unit: field.unit })}
          {...(field.empty === undefined ? {} : { empty: field.empty })}
        />
      );
    }
    case "share": {
      const { minimum = 0, maximum = 1 } = boundsAt(form.schema, setting, form.draft);
      return (
        <SliderInput
          {...common}
          value={form.number(setting) ?? minimum}
          minimum={minimum}
          maximum={maximum}
          step={0.01}
          format={formatShare}
          onChange={(n) => form.set(setting, n)}
        />
      );
    }
    case "choice": {
      const offered = field.offered?.(form) ?? Object.keys(field.choices);
      const choices = offered.map((id) => ({ id, name: field.choices[id] ?? id }));
      const Choose = field.as === "list" ? SelectInput : Segmented;
      return (
        <Choose
          {...common}
          value={form.text(setting)}
          choices={choices}
          onChange={(id) => choose(id, field.sets?.(id, form))}
        />
      );
    }
    case "switch":
      return <SwitchInput {...common} value={form.value(setting) === true} onChange={(on) => form.set(setting, on)} />;
    case "lines":
      return (
        <Lines
          {...common}
          lines={textsAt(form.draft, setting)}
          rows={field.rows ?? 2}
          {...(field.placeholder === undefined ? {} : { placeholder: field.placeholder })}
          onChange={(lines) => form.set(setting, lines)}
        />
      );
    case "path":
      return (
        <PathInput
          {...common}
          optional={field.optional ?? false}
          value={form.text(setting)}
          onChange={(path) => (field.optional ? orNull(path) : form.set(setting, path))}
          request={{ title: label, kind: "file", endings: [...field.endings], remember: field.remember }}
        />
      );
    case "model": {
      const value = field.speaker ? form.text(`${setting}.model`) : form.text(setting);
      const chosen = (path: string) => (path === "" ? null : field.speaker ? { model: path, adapter: null } : path);
      return (
        <ModelSelect
          {...common}
          trainable={field.trainable ?? false}
          {...(field.none === undefined ? {} : { none: field.none })}
          value={value}
          onChange={(path) => choose(chosen(path), field.sets?.())}
        />
      );
    }
    case "adapter":
      return <AdapterSelect {...common} model={form.text(field.model)} value={form.text(setting)} onChange={orNull} />;
  }
}
