import { useCallback, useEffect, useState } from "react";
import type { SettingProblem } from "../../core/contract/workbench/common.ts";
import { numberAt, problemOf, type SettingsDraft, settingAt, textAt, withSetting, withSettings } from "./settings.ts";

export interface SettingsForm {
  readonly draft: SettingsDraft;
  readonly set: (name: string, value: unknown) => void;
  readonly setAll: (values: Readonly<Record<string, unknown>>) => void;
  readonly replace: (draft: SettingsDraft) => void;
  /** Names that a person changed: what is derived leaves them alone. */
  readonly touched: ReadonlySet<string>;
  readonly number: (name: string) => number | null;
  readonly text: (name: string) => string;
  readonly value: (name: string) => unknown;
  readonly problem: (name: string) => string | undefined;
}

/**
 * A form over the settings of a job. `initial` comes in when it is known; `problems` are those of the last check.
 * A field complains about what was put into it, not about what is still to come; a refused start complains anyway.
 */
export function useSettingsForm(
  initial: SettingsDraft | null,
  problems: readonly SettingProblem[],
  refused: readonly SettingProblem[],
): SettingsForm | null {
  const [draft, setDraft] = useState<SettingsDraft | null>(initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (initial !== null) setDraft((known) => known ?? initial);
  }, [initial]);
  const set = useCallback((name: string, value: unknown) => {
    setDraft((known) => withSetting(known ?? {}, name, value));
    setTouched((known) => new Set([...known, name]));
  }, []);
  const setAll = useCallback((values: Readonly<Record<string, unknown>>) => {
    setDraft((known) => withSettings(known ?? {}, values));
    setTouched((known) => new Set([...known, ...Object.keys(values)]));
  }, []);
  if (draft === null) return null;
  return {
    draft,
    set,
    setAll,
    replace: setDraft,
    touched,
    number: (name) => numberAt(draft, name),
    text: (name) => textAt(draft, name),
    value: (name) => settingAt(draft, name),
    problem: (name) => problemOf(refused, name) ?? (isTouched(touched, name) ? problemOf(problems, name) : undefined),
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
