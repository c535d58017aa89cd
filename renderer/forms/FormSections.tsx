/** A described form: sections that open and close, the way to a field that a complaint names. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { text } from "../text/en.ts";
import { type FieldDescription, fieldFor, fieldsOf, type SectionDescription } from "./description.ts";
import { FieldView, isChanged, type OwnFields } from "./FieldView.tsx";
import { Row, Section } from "./Section.tsx";
import type { SettingsForm } from "./useSettingsForm.ts";

interface FormProps {
  readonly form: SettingsForm;
  /** Components of the fields that have their own. */
  readonly own?: OwnFields;
}

/**
 * @param head always open, above the sections
 * @param before what stands above the head, e.g. presets
 */
export function FormSections(
  props: FormProps & {
    readonly head: SectionDescription;
    readonly sections: readonly SectionDescription[];
    readonly before?: ReactNode;
    readonly after?: ReactNode;
  },
) {
  const { form, head, sections, own } = props;
  const { sought } = form;
  const root = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(sections.filter((section) => section.open).map(({ id }) => id)),
  );
  const toggle = (id: string, on: boolean) =>
    setOpen((known) => new Set(on ? [...known, id] : [...known].filter((one) => one !== id)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: a field is looked for once per request
  useEffect(() => {
    if (sought === null) return;
    const found = fieldFor([head, ...sections], sought.setting);
    if (found !== null && found.section !== head) toggle(found.section.id, true);
    // The section opens first.
    const frame = requestAnimationFrame(() => focusField(root.current, sought.setting, found?.field.setting));
    return () => cancelAnimationFrame(frame);
  }, [sought]);
  return (
    <div ref={root}>
      <div className="section-body form-head">
        {props.before}
        <Fields form={form} fields={head.fields} {...(own === undefined ? {} : { own })} />
        {props.after}
      </div>
      {sections.map((section) => (
        <Section
          key={section.id}
          title={section.title}
          expanded={open.has(section.id)}
          onExpand={(on) => toggle(section.id, on)}
          note={<SectionNote form={form} section={section} />}
        >
          <Fields form={form} fields={section.fields} {...(own === undefined ? {} : { own })} />
        </Section>
      ))}
    </div>
  );
}

/** Fields below each other, lists of them side by side; those that have no effect now are left out. */
export function Fields({ form, fields, own }: FormProps & { readonly fields: SectionDescription["fields"] }) {
  const view = (field: FieldDescription) =>
    field.visible?.(form) === false ? null : (
      <FieldView key={field.setting} form={form} field={field} {...(own === undefined ? {} : { own })} />
    );
  return fields.map((field) => {
    if ("kind" in field) return view(field);
    const shown = field.filter((one) => one.visible?.(form) !== false);
    return shown.length === 0 ? null : <Row key={shown.map(({ setting }) => setting).join(" ")}>{shown.map(view)}</Row>;
  });
}

function SectionNote({ form, section }: FormProps & { readonly section: SectionDescription }) {
  const shown = fieldsOf(section).filter((field) => field.visible?.(form) !== false);
  const changed = shown.filter((field) => isChanged(form, field)).length;
  const note = section.note?.(form);
  return (
    <span className="section-notes">
      {note === undefined ? null : <span className="section-note truncate">{note}</span>}
      {changed === 0 ? null : <span className="section-changed">{text.forms.changedCount(changed)}</span>}
    </span>
  );
}

/** The narrowest element of the setting, of what it belongs to, or of its field. */
function focusField(root: HTMLElement | null, setting: string, field: string | undefined): void {
  const names = setting.split(/[.[]/).map((_, index, keys) => keys.slice(0, keys.length - index).join("."));
  for (const name of [...names, ...(field === undefined ? [] : [field])]) {
    const found =
      root?.querySelector<HTMLElement>(`[data-setting="${CSS.escape(name)}"]`) ??
      root?.querySelector<HTMLElement>(`[data-setting^="${CSS.escape(name)}."]`);
    if (found == null) continue;
    found.scrollIntoView({ block: "center" });
    found.querySelector<HTMLElement>("input, textarea, button, [tabindex='0']")?.focus();
    return;
  }
}
