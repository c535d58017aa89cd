import { useCallback, useEffect, useState } from "react";
import type { z } from "zod";
import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import { belongs, type FormValues } from "./description.ts";
import { schemaDefaultAt } from "./schema.ts";
import {
  equalSettings,
  numberAt,
  problemOf,
  type SettingsDraft,
  settingAt,
  textAt,
  withSetting,
  withSettings,
} from "./settings.ts";

export interface SettingsForm extends FormValues {
  readonly schema: z.ZodType;
  readonly draft: SettingsDraft;
  readonly set: (name: string, value: unknown) => void;
  readonly setAll: (values: Readonly<Record<string, unknown>>) => void;
  /** Changes what is there when it is applied: what a person does meanwhile is not lost. */
  readonly rewrite: (change: (draft: SettingsDraft, touched: ReadonlySet<string>) => SettingsDraft) => void;
  /** Names that a person changed: what is derived leaves them alone. */
  readonly touched: ReadonlySet<string>;
  readonly problem: (name: string) => string | undefined;
  /** What the setting is without a person's hand on it; undefined where somebody must choose. */
  readonly defaultOf: (name: string) => unknown;
  /** True where there is a default and the value is another. */
  readonly changed: (name: string) => boolean;
  /** Back to the defaults, and to what will be derived later. */
  readonly reset: (names: readonly string[]) => void;
  /** The setting whose field is looked for, with a number that counts the requests; see FormSections.tsx. */
  readonly sought: { readonly setting: string; readonly request: number } | null;
  readonly seek: (setting: string) => void;
}

export interface FormSource {
  readonly schema: z.ZodType;
  /** Null until it is known. */
  readonly initial: SettingsDraft | null;
  /** What `changed` compares with, before the schema's own defaults. */
  readonly defaults: SettingsDraft | null;
  /** Of the last check. A field complains about what was put into it, not about what is still to come. */
  readonly problems: readonly SettingProblem[];
  /** Of a refused start: said in any case. */
  readonly refused: readonly SettingProblem[];
}

interface FormState {
  readonly draft: SettingsDraft | null;
  readonly touched: ReadonlySet<string>;
}

/** A form over the settings of a job; null until it is known what they begin with. */
export function useSettingsForm(source: FormSource): SettingsForm | null {
  const { schema, initial, defaults, problems, refused } = source;
  const [{ draft, touched }, setState] = useState<FormState>({ draft: initial, touched: new Set() });
  const [sought, setSought] = useState<SettingsForm["sought"]>(null);
  useEffect(() => {
    if (initial !== null) setState((known) => ({ ...known, draft: known.draft ?? initial }));
  }, [initial]);
  const set = useCallback((name: string, value: unknown) => {
    setState((known) => ({
      draft: withSetting(known.draft ?? {}, name, value),
      touched: new Set([...known.touched, name]),
    }));
  }, []);
  const setAll = useCallback((values: Readonly<Record<string, unknown>>) => {
    setState((known) => ({
      draft: withSettings(known.draft ?? {}, values),
      touched: new Set([...known.touched, ...Object.keys(values)]),
    }));
  }, []);
  const rewrite = useCallback((change: Parameters<SettingsForm["rewrite"]>[0]) => {
    setState((known) => (known.draft === null ? known : { ...known, draft: change(known.draft, known.touched) }));
  }, []);
  const seek = useCallback((setting: string) => {
    setSought((last) => ({ setting, request: (last?.request ?? 0) + 1 }));
  }, []);
  if (draft === null) return null;
  const defaultOf = (name: string) => {
    const derived = settingAt(defaults, name);
    return derived === undefined ? schemaDefaultAt(schema, name, draft) : derived;
  };
  return {
    schema,
    draft,
    set,
    setAll,
    rewrite,
    touched,
    number: (name) => numberAt(draft, name),
    text: (name) => textAt(draft, name),
    value: (name) => settingAt(draft, name),
    problem: (name) => problemOf(refused, name) ?? (isTouched(touched, name) ? problemOf(problems, name) : undefined),
    defaultOf,
    changed: (name) => {
      const usual = defaultOf(name);
      return usual !== undefined && !equalSettings(settingAt(draft, name) ?? null, usual ?? null);
    },
    reset: (names) => {
      setState((known) => ({
        draft: names.reduce((result, name) => withSetting(result, name, defaultOf(name)), known.draft ?? {}),
        touched: new Set([...known.touched].filter((one) => !names.some((name) => one === name || belongs(one, name)))),
      }));
    },
    sought,
    seek,
  };
}

/** True when the setting, a part of it or a whole that it belongs to was changed. */
function isTouched(touched: ReadonlySet<string>, name: string): boolean {
  return [...touched].some((one) => one === name || one.startsWith(`${name}.`) || name.startsWith(`${one}.`));
}

/** `value`, once it has not changed for `milliseconds`. */
export function useSettled<T>(value: T, milliseconds = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
