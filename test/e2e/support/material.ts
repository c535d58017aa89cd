/** What the specs work on: the demo model that comes along, and its question files. */
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";

const resources = join(import.meta.dirname, "..", "..", "..", "resources");
const demoModel = join(resources, "models", "village-q8_0.gguf");

export interface Material {
  /** A model in a folder of its own, as a person has one somewhere. */
  readonly model: string;
  readonly questions: string;
  readonly heldOut: string;
  /** What agents remember before the first round. */
  readonly prior: string;
}

/** Copies the model to `folder`/models/village.gguf; the question files are read where they lie. */
export async function writeMaterial(folder: string): Promise<Material> {
  const model = join(folder, "models", "village.gguf");
  await mkdir(join(folder, "models"), { recursive: true });
  await copyFile(demoModel, model);
  return {
    model,
    questions: join(resources, "demo", "questions.txt"),
    heldOut: join(resources, "demo", "heldout.jsonl"),
    prior: join(resources, "demo", "prior.jsonl"),
  };
}
