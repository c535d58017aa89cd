/** What a schema refuses, in the program's own words. Pure. */
import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * Goes on from the name of the value: `must be above 0`, `is not set`.
 * @param value the whole that was parsed: shows what was given instead
 */
export function complaintOf(issue: Issue, value?: unknown): string {
  const given = valueAt(value, issue.path);
  if (value !== undefined && given === undefined) return "is not set";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeNames[issue.expected] ?? "of another kind"}`;
    case "invalid_value":
      return `must be ${oneOf(issue.values)}${instead(given)}`;
    case "too_small":
      return tooSmall(issue);
    case "too_big":
      return tooBig(issue);
    case "unrecognized_keys":
      return `names ${listed(issue.keys, "and")}, which ${issue.keys.length === 1 ? "does" : "do"} not exist`;
    case "invalid_union":
      return `${ofUnion(issue)}${instead(given)}`;
    case "invalid_format":
      return `has a form that cannot be used${instead(given)}`;
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "custom":
      return issue.message;
    case "invalid_key":
    case "invalid_element":
      return "holds an entry that cannot be used";
    default:
      // Of a newer schema, from the other end of a wire.
      return (issue as { message?: string }).message ?? "cannot be used";
  }
}

/** `name complaint`, for every one of them; `whole` names the value itself. */
export function complaintsOf(issues: readonly Issue[], value?: unknown, whole = "it"): string {
  return issues.map((issue) => `${nameOf(issue, whole)} ${complaintOf(issue, value)}`).join("; ");
}

/** The first of them: one thing to correct at a time. */
export function firstComplaint(error: z.ZodError, value?: unknown, whole = "it"): string {
  return complaintsOf(error.issues.slice(0, 1), value, whole);
}

function nameOf({ path }: Issue, whole: string): string {
  return path.map(String).join(".") || whole;
}

const typeNames: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

type Sized = Extract<Issue, { code: "too_small" | "too_big" }>;

function tooSmall({ origin, minimum, inclusive }: Extract<Issue, { code: "too_small" }>): string {
  if (isNumeric(origin)) return inclusive === false ? `must be above ${minimum}` : `must be at least ${minimum}`;
  if (Number(minimum) === 1) return "must not be empty";
  return `must have at least ${minimum} ${unitOf(origin)}`;
}

function tooBig({ origin, maximum, inclusive }: Extract<Issue, { code: "too_big" }>): string {
  if (isNumeric(origin)) return inclusive === false ? `must be below ${maximum}` : `must be at most ${maximum}`;
  return `must have at most ${maximum} ${unitOf(origin)}`;
}

function isNumeric(origin: Sized["origin"]): boolean {
  return origin === "number" || origin === "int" || origin === "bigint";
}

function unitOf(origin: Sized["origin"]): string {
  return origin === "string" ? "characters" : "entries";
}

/** What zod says of a union whose schema brings no message of its own. */
const withoutMessage = "Invalid input";

/** Of the alternatives that there are: by name, or what each would want. */
function ofUnion(issue: Extract<Issue, { code: "invalid_union" }>): string {
  const options = (issue as { options?: readonly z.core.util.Primitive[] }).options ?? [];
  if (options.length > 0) return `must be ${oneOf(options)}`;
  const wanted = issue.errors.flatMap(([first]) => (first === undefined ? [] : [complaintOf(first)]));
  const unique = [...new Set(wanted)];
  if (issue.message !== withoutMessage) return issue.message;
  if (unique.length === 0) return "has a form that cannot be used";
  const mustBe = "must be ";
  if (unique.every((one) => one.startsWith(mustBe)))
    return (
      mustBe +
      listed(
        unique.map((one) => one.slice(mustBe.length)),
        "or",
      )
    );
  return listed(unique, "or");
}

function oneOf(values: readonly unknown[]): string {
  return `${values.length > 2 ? "one of " : ""}${listed(values.map(String), "or")}`;
}

function listed(parts: readonly string[], word: "or" | "and"): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} ${word} ${last}`;
}

/** Short values alone: a whole answer tells nothing. */
function instead(given: unknown): string {
  if (typeof given === "string" && given.length <= 40) return `, not "${given}"`;
  return typeof given === "number" ? `, not ${given}` : "";
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
