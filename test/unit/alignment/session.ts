/** Alignment runs of the bigram trainer in a temporary folder, with faults where a test wants them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { latestAlignmentCheckpoint } from "../../../core/alignment/alignmentCheckpoint.ts";
import { type AlignmentJob, type AlignmentResult, runAlignment } from "../../../core/alignment/runAlignment.ts";
import { type AlignConfig, alignConfig, metricsLine } from "../../../core/contract/alignment.ts";
import type { JobEvent } from "../../../core/contract/events.ts";
import { RunDirectory } from "../../../core/workspace/runDirectory.ts";
import { BigramTrainer, type Faults } from "./bigramTrainer.ts";

export const folder = await mkdtemp(join(tmpdir(), "folkmoot-align-"));
afterAll(() => rm(folder, { recursive: true }));

const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
export const tokenizer = {
  tokenize: letters,
  tokenizeContinuation: letters,
  bos: 1,
  eos: 2,
};
export const model = join(folder, "model.gguf");
export const data = join(folder, "data.json");
writeFileSync(model, "a model");
writeFileSync(
  data,
  JSON.stringify(
    Array.from({ length: 30 }, (_, i) => ({
      query: `q${i % 25}`,
      responses: [`good ${i}`, `bad ${i % 7}`, "worse", `dull ${i}`, "none"].slice(0, 2 + (i % 4)),
      scores: [6, 3, 1, 4, 2].slice(0, 2 + (i % 4)),
    })),
  ),
);

let runs = 0;
export const newDirectory = () => join(folder, `run-${runs++}`);

export const settings = (over: Partial<Record<keyof AlignConfig, unknown>> = {}) =>
  alignConfig.parse({
    model,
    data,
    optimizer: { learningRate: 0.2 },
    epochs: 3,
    accumulation: 4,
    evaluationShare: 0.1,
    evaluateEvery: 5,
    checkpointEvery: 5,
    ...over,
  });

export interface Session
  extends Partial<Pick<AlignmentJob, "cache" | "sampler" | "controls" | "clock" | "memory" | "longRope">> {
  directory?: string;
  config?: AlignConfig;
  faults?: Faults;
  signal?: AbortSignal;
  onEvent?: (event: JobEvent) => void;
  device?: string;
  /** Default: one of this device, with these faults. */
  trainer?: BigramTrainer;
  /** Written to a file of their own and trained instead of the usual ones. */
  rows?: readonly object[];
}

export async function align(session: Session = {}) {
  const { directory = newDirectory(), onEvent } = session;
  const config = { ...(session.config ?? settings()) };
  if (session.rows !== undefined) {
    config.data = join(folder, `rows-${runs++}.json`);
    writeFileSync(config.data, JSON.stringify(session.rows));
  }
  const trainer = session.trainer ?? new BigramTrainer(128, session.faults, 512, session.device);
  const events: JobEvent[] = [];
  const emit = (event: JobEvent) => {
    events.push(event);
    onEvent?.(event);
  };
  const { run } = await RunDirectory.openOrCreate(directory, {
    config,
    schema: alignConfig,
    files: [model, config.data],
  });
  let result: AlignmentResult | undefined;
  let error: unknown;
  let time = 0;
  try {
    const { signal, cache, sampler, controls, memory, longRope, clock = () => time++ } = session;
    result = await runAlignment({
      config,
      run,
      trainer,
      tokenizer,
      emit,
      signal,
      clock,
      cache,
      sampler,
      controls,
      memory,
      longRope,
    });
  } catch (thrown) {
    error = thrown;
  } finally {
    await run.close();
  }
  return { result, error, trainer, events, directory, metrics: metricsOf(directory) };
}

export const text = (path: string) => readFileSync(path, "utf8");
const metricsOf = (directory: string) =>
  (existsSync(join(directory, "metrics.jsonl")) ? text(join(directory, "metrics.jsonl")) : "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => metricsLine.parse(JSON.parse(line)));
export const checkpointBytes = async (directory: string) => {
  const checkpoint = await latestAlignmentCheckpoint(join(directory, "checkpoints"));
  if (checkpoint === undefined) throw new Error("no checkpoint");
  const files = ["adapter.gguf", "optimizer.bin", "state.json"].map((name) =>
    readFileSync(checkpoint.file(name), "hex"),
  );
  return { step: checkpoint.step, files };
};

export const metricsText = (directory: string) => text(join(directory, "metrics.jsonl"));
export const crash = new Error("the process died here");
/** The process dies in the nth call of a method. */
export const dieAt = (method: string, call: number): Faults => ({
  before: (called, n) => {
    if (called === method && n === call) throw crash;
  },
});
