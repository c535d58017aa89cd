/** config.json: frozen at the start of a run, versioned, refused when a newer program wrote it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { firstComplaint } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";

export const configFileName = "config.json";
/** The newest version of config.json that this program writes and reads. */
export const runConfigVersion = 1;

/** What every configuration has in common. */
export interface RunConfig {
  readonly version: number;
  readonly kind: string;
  readonly seed: number;
}

const header = z.object({ version: z.number().int().positive(), kind: z.string() });

/**
 * Reads the configuration of the run at `directory`.
 * @throws FolkmootError `run-not-found`; `workspace-newer`; `data-corrupt`; `run-mismatch` when it is a run of another kind.
 */
export async function readRunConfig<C extends RunConfig>(directory: string, schema: z.ZodType<C>): Promise<C> {
  const path = join(directory, configFileName);
  const value = await readJson(path, directory);
  const head = header.safeParse(value);
  if (!head.success) throw corruptConfig(path, "it names no version and kind");
  if (head.data.version > runConfigVersion)
    throw new FolkmootError("workspace-newer", {
      message: `${directory} was written by a newer Folkmoot (format ${head.data.version}, this program reads up to ${runConfigVersion}).`,
      action: "Open it with that newer version.",
      details: { path, version: head.data.version },
    });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.path[0] === "kind")
    throw new FolkmootError("run-mismatch", {
      message: `${directory} is a run of the kind "${head.data.kind}", not the one asked for.`,
      action: "Name the folder of the right run.",
      details: { path, kind: head.data.kind },
    });
  throw corruptConfig(path, firstComplaint(parsed.error, value));
}

/** Path of the first setting in which two configurations differ, e.g. `world.setting`; undefined when they are equal. */
export function firstDifference(a: unknown, b: unknown, path: readonly string[] = []): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path.join(".");
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const difference = firstDifference(left[key], right[key], [...path, key]);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function readJson(path: string, directory: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new FolkmootError(
      "run-not-found",
      {
        message: `${directory} is not a run directory.`,
        reason: `There is no ${configFileName} in it.`,
        action: "Check the path, or start a new run there.",
        details: { path },
      },
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw corruptConfig(path, "it is not JSON");
  }
}

function corruptConfig(path: string, why: string): FolkmootError {
  return new FolkmootError("data-corrupt", {
    message: `${path} cannot be read: ${why}.`,
    reason: "The file was changed by hand or damaged.",
    action: "Restore it from a copy, or start a new run in another folder.",
    details: { path },
  });
}
