/** Settings that a person gave, checked before anything starts; the first that is wrong is named. */
import type { z } from "zod";
import { complaintOf } from "../contract/complaints.ts";
import { FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { SettingProblem } from "../contract/workbench/common.ts";

/** @throws FolkmootError `bad-setting` with `details.setting` and every complaint in `details.problems`. */
export function parseSettings<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, value);
  const [first] = problems;
  throw new FolkmootError("bad-setting", {
    message: problems.map(({ setting, message }) => `${setting}: ${message}`).join("; "),
    action: first?.action ?? "Correct the settings.",
    details: { setting: first?.setting, problems },
  });
}

export function problemsOf(error: z.ZodError, value: unknown): SettingProblem[] {
  return error.issues.map((issue) => {
    const setting = issue.path.map(String).join(".") || "settings";
    const isMissing = issue.path.reduce<unknown>((inner, key) => (inner as never)?.[key], value) === undefined;
    return {
      setting,
      message: `It ${complaintOf(issue, value)}.`,
      action: isMissing ? `Choose ${setting}.` : "Correct it.",
    };
  });
}

/** Whatever goes wrong while the thing that `setting` names is looked at is said of that setting. */
export async function named<T>(setting: string, look: () => T | Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (thrown) {
    const error = toFolkmootError(thrown);
    if (error.details.setting !== undefined) throw error;
    throw new FolkmootError(
      error.code,
      {
        message: error.message,
        ...(error.reason === undefined ? {} : { reason: error.reason }),
        action: error.action,
        details: { ...error.details, setting },
      },
      { cause: error },
    );
  }
}

/**
 * What the contexts of a job cannot be is said of their setting; a file that cannot be read is said of its own.
 * @returns null for files that cannot be read
 */
export async function checkContexts<T>(open: () => Promise<T>): Promise<T | null> {
  try {
    return await open();
  } catch (thrown) {
    if (toFolkmootError(thrown).details.setting !== undefined) throw thrown;
    return null;
  }
}

/** Runs checks one after the other and gathers what they complain of. */
export async function gatherProblems(checks: readonly (() => unknown)[]): Promise<SettingProblem[]> {
  const problems: SettingProblem[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (thrown) {
      const { details, message, action } = toFolkmootError(thrown);
      const setting = String(details.setting ?? "settings");
      problems.push({ setting, message: withoutName(message, setting), action });
    }
  }
  return problems;
}

/** A complaint stands beside the name of its setting; some begin with that name for those who read them alone. */
function withoutName(message: string, setting: string): string {
  return message.startsWith(`${setting}: `) ? message.slice(setting.length + 2) : message;
}
