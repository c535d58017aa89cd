/** Settings of a job as a form edits them: plain nested objects, addressed by dotted names as errors name them. */

import type { FolkmootError } from "../../core/contract/errors.ts";
import type { SettingProblem } from "../../core/contract/workbench/common.ts";

export type SettingsDraft = Readonly<Record<string, unknown>>;

/** The value at `world.goodShare` or `populations.0.model`; undefined when there is none. */
export function settingAt(draft: unknown, name: string): unknown {
  return name.split(".").reduce<unknown>((value, key) => {
    if (typeof value !== "object" || value === null) return undefined;
    return (value as Record<string, unknown>)[key];
  }, draft);
}

/** A copy with one value changed; objects on the way are made when missing, lists stay lists. */
export function withSetting(draft: SettingsDraft, name: string, value: unknown): SettingsDraft {
  return changed(draft, name.split("."), value) as SettingsDraft;
}

function changed(node: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const child = typeof node === "object" && node !== null ? (node as Record<string, unknown>)[key] : undefined;
  const next = changed(child, rest, value);
  if (Array.isArray(node)) return node.map((item, index) => (String(index) === key ? next : item));
  return { ...(node as Record<string, unknown> | undefined), [key]: next };
}

/** Several values at once, e.g. a preset. */
export function withSettings(draft: SettingsDraft, values: Readonly<Record<string, unknown>>): SettingsDraft {
  return Object.entries(values).reduce((result, [name, value]) => withSetting(result, name, value), draft);
}

/** The complaint about a setting or about a part of it; undefined when there is none. */
export function problemOf(problems: readonly SettingProblem[], name: string): string | undefined {
  const found = problems.find(
    (problem) =>
      problem.setting === name || problem.setting.startsWith(`${name}.`) || problem.setting.startsWith(`${name}[`),
  );
  return found === undefined ? undefined : `${found.message} ${found.action}`;
}

/** An error of a start as a problem of its field; null when it names none. */
export function problemFromError(error: FolkmootError): SettingProblem | null {
  const setting = error.details.setting;
  return typeof setting === "string" ? { setting, message: error.message, action: error.action } : null;
}

export function numberAt(draft: unknown, name: string): number | null {
  const value = settingAt(draft, name);
  return typeof value === "number" ? value : null;
}

export function textAt(draft: unknown, name: string): string {
  const value = settingAt(draft, name);
  return typeof value === "string" ? value : "";
}

/** A list of texts; whatever else stands there counts as none. */
export function textsAt(draft: unknown, name: string): string[] {
  const value = settingAt(draft, name);
  return Array.isArray(value) ? value.map(String) : [];
}

/** Equal as JSON is: the order of an object's keys does not count, the order of a list does. */
export function equalSettings(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => equalSettings(left[key], right[key]));
}
