/** What came along with the program: the demo experiment and its question files. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FolkmootError } from "../contract/errors.ts";
import { type ExperimentFile, experimentFile } from "../contract/experiment.ts";

/** resources/ of the nearest folder above: the same from sources and from a build; null when it is not there. */
export function resourcesFolder(): string | null {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "resources", "templates"))) return join(folder, "resources");
    if (folder === dirname(folder)) return null;
  }
}

export interface DemoExperiment {
  readonly path: string;
  readonly file: ExperimentFile;
  /** Absolute path of its model. */
  readonly model: string;
}

/** Null when this copy has no demo, or its model is not there. */
export async function findDemo(resources: string | null): Promise<DemoExperiment | null> {
  if (resources === null) return null;
  const path = join(resources, "demo", "experiment.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const parsed = experimentFile.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new FolkmootError("data-corrupt", {
      message: `The experiment in ${path} cannot be used.`,
      reason: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
      action: "Restore the file.",
      details: { path },
    });
  const model = resolve(dirname(path), parsed.data.model);
  return existsSync(model) ? { path, file: parsed.data, model } : null;
}

/** The question file of the demo's society, absolute: what a new society may begin with. */
export function demoQuestions({ path, file }: DemoExperiment): string | null {
  const { questions } = file.sizes.small.society as { readonly questions?: { readonly path?: unknown } };
  return typeof questions?.path === "string" ? resolve(dirname(path), questions.path) : null;
}
