/** What came along with the program: the demo experiment and its question files. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Experiment, readExperiment } from "../experiment/readExperiment.ts";

/**
 * resources/ of the nearest folder above `from`: the same from sources and from a build; null when it is not there.
 * Known by its demo: the compiler leaves the templates that code imports in a resources/ of its own below dist/.
 */
export function resourcesFolder(from = dirname(fileURLToPath(import.meta.url))): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "resources", "demo"))) return join(folder, "resources");
    if (folder === dirname(folder)) return null;
  }
}

/**
 * Null when this copy has no demo, or its model is not there.
 * @throws FolkmootError `data-corrupt`
 */
export async function findDemo(resources: string | null): Promise<Experiment | null> {
  if (resources === null) return null;
  const path = join(resources, "demo", "experiment.json");
  if (!existsSync(path)) return null;
  const experiment = await readExperiment(path);
  return existsSync(experiment.model) ? experiment : null;
}

/** The question file of the demo's society, absolute: what a new society may begin with. */
export function demoQuestions({ path, file }: Experiment): string | null {
  const { questions } = file.sizes.small.society as { readonly questions?: { readonly path?: unknown } };
  return typeof questions?.path === "string" ? resolve(dirname(path), questions.path) : null;
}
