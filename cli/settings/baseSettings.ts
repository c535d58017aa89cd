/** The settings that flags start from: a file, or what a run directory is frozen to. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { FolkmootError } from "../../core/contract/errors.ts";

/**
 * @param directory run directory; its own config.json is the base when `continueRun` and no file is named
 * @param file path of a JSON file with settings, as given
 */
export async function readBaseSettings(
  workingFolder: string,
  directory: string,
  file: string | undefined,
  continueRun: boolean,
): Promise<Record<string, unknown>> {
  if (file !== undefined) return readSettingsFile(resolve(workingFolder, file));
  if (!continueRun) return {};
  try {
    return await readSettingsFile(join(directory, "config.json"));
  } catch (error) {
    if (error instanceof FolkmootError && error.code === "data-not-found") return {};
    throw error;
  }
}

/** @throws FolkmootError `data-not-found`, `data-corrupt` when it is no JSON object */
export async function readSettingsFile(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "EISDIR") throw error;
    throw new FolkmootError(
      "data-not-found",
      { message: `The file ${path} does not exist.`, action: "Check the path.", details: { path } },
      { cause: error },
    );
  }
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new FolkmootError(
      "data-corrupt",
      {
        message: `${path} is not a JSON object with settings.`,
        reason: error instanceof SyntaxError ? error.message : "It holds something else than an object.",
        action: "Repair the file, or give the settings as flags.",
        details: { path },
      },
      { cause: error },
    );
  }
}
