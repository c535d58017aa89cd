/** A society over fake models in a folder of its own. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobEvent } from "../../core/contract/events.ts";
import { type SocietyConfig, type SocietyConfigInput, societyConfig } from "../../core/contract/society.ts";
import type { SocietyControls } from "../../core/society/controls.ts";
import { runSociety, type SocietyResult } from "../../core/society/runSociety.ts";
import type { SocietyModels } from "../../core/society/society.ts";
import { RunDirectory } from "../../core/workspace/runDirectory.ts";
import { FakeLanguageModel } from "./fakeLanguageModel.ts";

const people = ["Ada", "Ben", "Cleo", "Dan", "Eve"];
const things = ["purse", "window", "harvest", "ladder", "goat"];
export const questionLines = people.flatMap((person) =>
  things.map((thing) => `What should ${person} do about the lost ${thing}?`),
);

export type Settings = Partial<Omit<SocietyConfigInput, "questions">>;

/** Writes question set and prior memory into `folder` and gives the configuration that names them. */
export async function societyMaterial(folder: string, settings: Settings = {}): Promise<SocietyConfig> {
  const [questions, prior] = [join(folder, "questions.txt"), join(folder, "prior.jsonl")];
  await writeFile(questions, `${questionLines.join("\n")}\n`);
  const pairs = questionLines.flatMap((question, i) =>
    (["good", "bad"] as const).map((label) => ({
      question: question.replace("do about", "say about"),
      response: `${label} answer ${i}`,
      morality_label: label,
    })),
  );
  await writeFile(prior, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  return societyConfig.parse({
    grid: { rows: 3, columns: 3 },
    peers: 2,
    rounds: 3,
    sequences: 4,
    priorMemory: { path: prior, pairs: 3 },
    memory: { threshold: 0.6 },
    populations: [{ model: "/models/fake.gguf" }],
    questions: { path: questions },
    ...settings,
  });
}

export interface RunOptions {
  readonly models?: SocietyModels;
  readonly signal?: AbortSignal;
  readonly controls?: SocietyControls;
  readonly emit?: (event: JobEvent) => void;
}

/** Runs or resumes the society in `directory` and gives back its journal as text. */
export async function societyIn(
  directory: string,
  config: SocietyConfig,
  options: RunOptions = {},
): Promise<{ text: string; result: SocietyResult; events: JobEvent[] }> {
  const { run } = await RunDirectory.openOrCreate(directory, { config, schema: societyConfig, files: [], id: "test" });
  await using open = run;
  const model = new FakeLanguageModel();
  const events: JobEvent[] = [];
  const result = await runSociety({
    config,
    run: open,
    models: options.models ?? { population: config.populations.map(() => model), observer: model },
    emit: (event) => {
      events.push(event);
      options.emit?.(event);
    },
    signal: options.signal ?? new AbortController().signal,
    ...(options.controls === undefined ? {} : { controls: options.controls }),
  });
  return { text: await readFile(join(directory, "interactions.jsonl"), "utf8"), result, events };
}
