/** A workspace as large as the budgets speak of: societies with 100 000 interactions, one alignment of 1 000 000 steps. */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { alignConfig } from "../../core/contract/alignment.ts";
import { societyConfig } from "../../core/contract/society.ts";
import { randomStream } from "../../core/random.ts";
import { openEventLog, recordFinished } from "../../core/workspace/eventLog.ts";
import { RunDirectory } from "../../core/workspace/runDirectory.ts";
import { makeInteractions } from "../../test/support/interactions.ts";

export const alignRun = "long-training";
/** The run of the society that the replaying engine streams. */
export const streamingRun = "streaming";
const societies = 4;
const agents = 100;
/** Words per text: about what small models say. */
const words = 60;

/** @param interactions in all, over four runs of 10 × 10 agents */
export async function writeWorkspace(folder: string, size: { interactions: number; steps: number }): Promise<void> {
  await mkdir(join(folder, "runs"), { recursive: true });
  const questions = join(folder, "questions.txt");
  await writeFile(questions, "Why?\n");
  const rounds = size.interactions / societies / agents;
  for (let index = 1; index <= societies; index++)
    await writeSociety(folder, `village-${index}`, { index, rounds, questions });
  await writeAlignment(folder, size.steps);
}

async function writeSociety(
  folder: string,
  key: string,
  { index, rounds, questions }: { index: number; rounds: number; questions: string },
): Promise<void> {
  const directory = join(folder, "runs", key);
  const config = societyConfig.parse({
    grid: { rows: 10, columns: 10 },
    rounds,
    questions: { path: questions },
    populations: [{ model: join(folder, "model.gguf") }],
  });
  const { run } = await RunDirectory.openOrCreate(directory, { config, schema: societyConfig, files: [] });
  await using made = run;
  await using log = await openEventLog(made, () => {});
  await writeLines(join(directory, "interactions.jsonl"), () =>
    makeInteractions({ run: made.id, seed: index, agents, rounds, words }),
  );
  log.emit({ type: "started", run: made.id, directory, resumed: false });
  await recordFinished(made, { rounds: [] });
}

async function writeAlignment(folder: string, steps: number): Promise<void> {
  const directory = join(folder, "runs", alignRun);
  const config = alignConfig.parse({
    model: join(folder, "model.gguf"),
    data: join(folder, "data.jsonl"),
    maxSteps: steps,
  });
  const { run } = await RunDirectory.openOrCreate(directory, { config, schema: alignConfig, files: [] });
  await using made = run;
  await writeLines(join(directory, "metrics.jsonl"), () => metricsLines(steps));
  await recordFinished(made, { loss: { last: 1.6 } });
}

/** A loss that falls, with noise and a spike now and then. */
function* metricsLines(steps: number) {
  const random = randomStream(1, "metrics");
  for (let step = 1; step <= steps; step++) {
    const loss = 1.6 + 1.4 * Math.exp(-step / (steps / 8)) + random.normal() * 0.08 + (step % 6173 === 0 ? 9 : 0);
    yield {
      step,
      epoch: step / 1000,
      loss,
      nll: loss - 0.2,
      penalty: 0.2 + random.uniform() * 0.1,
      margin: random.normal(),
      accuracy: random.uniform(),
      gradNorm: 0.5 + random.uniform(),
      learningRate: 1e-4 * (0.5 + 0.5 * Math.cos((step / steps) * Math.PI)),
      tokens: 2100,
    };
  }
}

async function writeLines(path: string, lines: () => Iterable<object>): Promise<void> {
  const file = await open(path, "w");
  try {
    const waiting: string[] = [];
    for (const line of lines()) {
      waiting.push(`${JSON.stringify(line)}\n`);
      if (waiting.length === 2000) await file.write(waiting.splice(0).join(""));
    }
    await file.write(waiting.join(""));
  } finally {
    await file.close();
  }
}
