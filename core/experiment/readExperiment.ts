/** An experiment file from the disk. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { complaintsOf } from "../contract/complaints.ts";
import { FolkmootError } from "../contract/errors.ts";
import { type ExperimentFile, experimentFile } from "../contract/experiment.ts";

export interface Experiment {
  /** Absolute path of the file; paths in it start from its folder. */
  readonly path: string;
  readonly file: ExperimentFile;
  /** Absolute path of its model. */
  readonly model: string;
}

/** @throws FolkmootError `data-not-found`; `data-corrupt` naming the setting; the disk's errors */
export async function readExperiment(path: string): Promise<Experiment> {
  const absolute = resolve(path);
  const text = await readFile(absolute, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR" && error.code !== "EISDIR") throw error;
    throw new FolkmootError(
      "data-not-found",
      { message: `The file ${absolute} does not exist.`, action: "Check the path.", details: { path: absolute } },
      { cause: error },
    );
  });
  const file = parseExperiment(absolute, text);
  return { path: absolute, file, model: resolve(dirname(absolute), file.model) };
}

function parseExperiment(path: string, text: string): ExperimentFile {
  try {
    return experimentFile.parse(JSON.parse(text));
  } catch (error) {
    throw unusableExperiment(path, error);
  }
}

/** @param setting what the complaints of a schema are said of; null = the file itself */
export function unusableExperiment(path: string, error: unknown, setting: string | null = null): FolkmootError {
  const prefix = setting === null ? [] : [setting];
  const reason =
    error instanceof z.ZodError
      ? `${complaintsOf(error.issues.map((issue) => ({ ...issue, path: [...prefix, ...issue.path] })))}.`
      : error instanceof SyntaxError
        ? "It is not JSON."
        : String(error);
  return new FolkmootError(
    "data-corrupt",
    {
      message: `The experiment in ${path} cannot be used.`,
      reason,
      action: "Restore the file, or correct the named settings.",
      details: { path },
    },
    { cause: error },
  );
}
