/** What the schema of a job says about a setting: bounds, default, choices. The forms repeat none of it. */
import { z } from "zod";
import { settingAt } from "./settings.ts";

export interface Bounds {
  /** Inclusive; undefined = open. Of an open interval the end itself, which the check refuses. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole: boolean;
}

/**
 * The schema at a dotted name, defaults and null still around it; null where there is none. Of a union the option is
 * the one that `draft` holds there.
 */
export function schemaAt(schema: z.ZodType, name: string, draft: unknown = undefined): z.ZodType | null {
  const walked: string[] = [];
  let inner: z.ZodType | null = schema;
  for (const key of name.split(".")) {
    const outer: z.ZodType | null = optionOf(
      bare(inner),
      walked.length === 0 ? draft : settingAt(draft, walked.join(".")),
    );
    if (outer instanceof z.ZodObject) inner = (outer.shape[key] as z.ZodType | undefined) ?? null;
    else if (outer instanceof z.ZodArray) inner = outer.element as z.ZodType;
    else return null;
    if (inner === null) return null;
    walked.push(key);
  }
  return inner;
}

export function boundsAt(schema: z.ZodType, name: string, draft: unknown = undefined): Bounds {
  const found = numberOf(bareOrNull(schemaAt(schema, name, draft)));
  if (found === null) return { whole: false };
  const { minValue, maxValue, isInt } = found;
  return {
    ...(minValue === null || minValue <= Number.MIN_SAFE_INTEGER
      ? {}
      : { minimum: isInt && !found.safeParse(minValue).success ? minValue + 1 : minValue }),
    ...(maxValue === null || maxValue >= Number.MAX_SAFE_INTEGER ? {} : { maximum: maxValue }),
    whole: isInt,
  };
}

/** What the schema fills in where nothing is given; undefined where it asks for a value. */
export function schemaDefaultAt(schema: z.ZodType, name: string, draft: unknown = undefined): unknown {
  const found = schemaAt(schema, name, draft);
  return found === null ? undefined : found.safeParse(undefined).data;
}

/** Ids that a setting may have; null where it is no enumeration. */
export function choicesAt(schema: z.ZodType, name: string, draft: unknown = undefined): readonly string[] | null {
  const found = bareOrNull(schemaAt(schema, name, draft));
  return found instanceof z.ZodEnum ? found.options.map(String) : null;
}

/** Dotted names of everything that can be set: objects are opened, lists and unions are one setting each. */
export function settingNames(schema: z.ZodType, before = ""): string[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodLiteral) return [];
  if (!(inner instanceof z.ZodObject)) return [before];
  return Object.entries(inner.shape).flatMap(([key, value]) =>
    settingNames(value as z.ZodType, before === "" ? key : `${before}.${key}`),
  );
}

/** The number, or the one that stands beside a word such as `auto`. */
function numberOf(schema: z.ZodType | null): z.ZodNumber | null {
  const options = schema instanceof z.ZodUnion ? schema.options : [schema];
  return options.find((option): option is z.ZodNumber => option instanceof z.ZodNumber) ?? null;
}

function optionOf(schema: z.ZodType, value: unknown): z.ZodType {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const id = settingAt(value, schema.def.discriminator);
  const options = schema.options as readonly z.ZodObject[];
  const found = options.find((option) => option.shape[schema.def.discriminator]?.safeParse(id).success);
  return found ?? (options[0] as z.ZodType);
}

/** Without the default, prefault, null and undefined around it. */
function bare(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodOptional
  )
    inner = inner.unwrap() as z.ZodType;
  return inner;
}

function bareOrNull(schema: z.ZodType | null): z.ZodType | null {
  return schema === null ? null : bare(schema);
}
