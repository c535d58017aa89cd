/** Flags that stand for settings of a schema: declared once as data, read into the nested object that the schema takes. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { z } from "zod";
import { complaintOf } from "../../core/contract/complaints.ts";
import { FolkmootError } from "../../core/contract/errors.ts";

export interface SettingFlag {
  /** As commander reads it, e.g. `--rank <n>`. */
  readonly flags: string;
  /** Where the value goes in the settings, e.g. `lora.rank`. */
  readonly path: string;
  readonly help: string;
  readonly read: (text: string, where: ReadContext) => unknown;
  /** A value as the flag takes it. Default: `showValue`. */
  readonly show?: (value: unknown) => string;
}

export interface ReadContext {
  /** The flag's name, for messages. */
  readonly flag: string;
  readonly workingFolder: string;
}

export const asNumber = (text: string, { flag }: ReadContext, why = "is not a number"): number => {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw badFlag(flag, `"${text}" ${why}`);
  return value;
};
export const asLayers = (text: string, context: ReadContext): number | string =>
  text === "auto" ? text : asNumber(text, context, "is neither auto nor a number");
export const asText = (text: string): string => text;
export const asPath = (text: string, { workingFolder }: ReadContext): string => resolve(workingFolder, text);
export const asList = (text: string): string[] => text.split(",").map((part) => part.trim());
export const asSwitch = (text: string, { flag }: ReadContext): boolean => {
  if (["on", "true", "yes"].includes(text)) return true;
  if (["off", "false", "no"].includes(text)) return false;
  throw badFlag(flag, `"${text}" is neither on nor off`);
};

/** `a=1,b=2`, or `none` */
export const asNumbersByName = (text: string, context: ReadContext): Record<string, number> =>
  text.trim() === "none"
    ? {}
    : Object.fromEntries(
        asList(text).map((part) => {
          const [name = "", value] = part.split("=");
          if (value === undefined)
            throw badFlag(context.flag, `"${part}" is neither none nor a name with its number, such as a=1`);
          return [name.trim(), asNumber(value, context)];
        }),
      );
/** `8-15`, one number for both ends, or `all`, which is null. */
export const asRange = (text: string, context: ReadContext): { first: number; last: number } | null => {
  if (text.trim() === "all") return null;
  const [first = "", last = first] = text.split("-");
  if (!/^\s*\d+\s*(-\s*\d+\s*)?$/.test(text))
    throw badFlag(context.flag, `"${text}" is neither all nor a range such as 8-15`);
  return { first: asNumber(first, context), last: asNumber(last, context) };
};
export const showRange = (value: unknown): string => {
  const range = value as ReturnType<typeof asRange>;
  return range === null ? "all" : `${range.first}-${range.last}`;
};

/** Declares the flags; each shows its default, taken from the schema's own defaults, in the help. */
export function addSettingFlags(command: Command, flags: readonly SettingFlag[], defaults: object): void {
  for (const flag of flags) {
    const value = valueAt(defaults, flag.path);
    const shown = value === undefined ? "" : ` (default: ${(flag.show ?? showValue)(value)})`;
    command.option(flag.flags, `${flag.help}${shown}`);
  }
}

/** The settings that were given as flags, nested; flags that were not given leave nothing behind. */
export function readSettingFlags(
  command: Command,
  flags: readonly SettingFlag[],
  workingFolder: string,
): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const flag of flags) {
    const option = command.options.find((candidate) => candidate.flags === flag.flags);
    const text: unknown = option && command.opts()[option.attributeName()];
    if (typeof text !== "string") continue;
    setAt(settings, flag.path, flag.read(text, { flag: option?.long ?? flag.flags, workingFolder }));
  }
  return settings;
}

/** A setting as one would give it on the command line: `--rank 16`. */
export function asFlag(flags: readonly SettingFlag[], path: string, value: unknown): string {
  const flag = flags.find((candidate) => candidate.path === path);
  const name = flag?.flags.split(/[ ,]/)[0] ?? path;
  return `${name} ${(flag?.show ?? showValue)(value)}`;
}

/** `over` wins; objects are merged, everything else is replaced, as an object is by an empty one. */
export function mergeSettings(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    const isMerged = isPlainObject(before) && isPlainObject(value) && Object.keys(value).length > 0;
    merged[key] = isMerged ? mergeSettings(before, value) : value;
  }
  return merged;
}

/**
 * @param flags name the flag of a setting that the schema refuses
 * @throws FolkmootError `bad-setting` with every complaint
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  flags: readonly SettingFlag[],
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map((issue) => {
    const path = issue.path.join(".");
    const found =
      flags.find((candidate) => candidate.path === path) ??
      flags.find((candidate) => candidate.path.startsWith(`${path}.`) || path.startsWith(`${candidate.path}.`));
    const flag = found?.flags.split(/[ ,]/)[0];
    const name = flag === undefined ? path || "the settings" : camelCase(flag) === path ? flag : `${flag} (${path})`;
    return { name, isMissing: valueAt(value, path) === undefined, text: `${name} ${complaintOf(issue, value)}` };
  });
  const verb = complaints.every(({ isMissing }) => isMissing) ? "Give" : "Correct";
  const names = [...new Set(complaints.map(({ name }) => name))];
  throw new FolkmootError("bad-setting", {
    message: `${complaints.map(({ text }) => text).join("; ")}.`,
    action: `${verb} ${names.join(", ")}; --help shows what ${names.length === 1 ? "it" : "each"} takes.`,
    details: { issues: parsed.error.issues },
  });
}

/** `--max-steps` as `maxSteps`. */
function camelCase(flag: string): string {
  return flag.replace(/^--/, "").replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** A flag that this command needs was not given. */
export function missingFlag(flag: string): FolkmootError {
  return new FolkmootError("bad-setting", {
    message: `${flag} is not set.`,
    action: `Give ${flag}; --help shows what it takes.`,
    details: { flag },
  });
}

export function badFlag(flag: string, why: string): FolkmootError {
  return new FolkmootError("bad-setting", {
    message: `${flag} cannot be used: ${why}.`,
    action: `Give ${flag} another value; --help shows what it takes.`,
    details: { flag },
  });
}

export function valueAt(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, key) => (isPlainObject(inner) || Array.isArray(inner) ? Reflect.get(inner, key) : undefined),
      value,
    );
}

export function setAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() ?? path;
  let inner = target;
  for (const key of keys) {
    const next = isPlainObject(inner[key]) ? inner[key] : {};
    inner[key] = next;
    inner = next;
  }
  inner[last] = value;
}

function showValue(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (isPlainObject(value)) {
    const parts = Object.entries(value).map(([name, part]) => `${name}=${showValue(part)}`);
    return parts.length === 0 ? "none" : parts.join(",");
  }
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(",");
  return String(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
