/** The engine's jobs: run directory and models are opened here, used by core/, and closed here. */
import type { z } from "zod";
import { type EvaluationConfig, evaluationConfig } from "../contract/evaluation.ts";
import type { EmitEvent } from "../contract/events.ts";
import type { logpsInput, logpsOutput } from "../contract/jobs.ts";
import { type SocietyConfig, societyConfig } from "../contract/society.ts";
import { questionsOf, runEvaluation } from "../evaluation/runEvaluation.ts";
import { openScorer } from "../models/llama/loadedModel.ts";
import { checkModelFiles } from "../models/modelChecks.ts";
import { tellThreads } from "../models/threads.ts";
import { checkConfig } from "../society/checkConfig.ts";
import type { SocietyControls } from "../society/controls.ts";
import { runSociety } from "../society/runSociety.ts";
import { recordFinished } from "../workspace/eventLog.ts";
import { RunDirectory } from "../workspace/runDirectory.ts";
import { announceContexts, contextOf, evaluationSpeakers, type Speaker, societySpeakers } from "./contexts.ts";
import { announcePlaces, inferenceDevice } from "./inferenceDevice.ts";
import { ModelSet } from "./modelSet.ts";
import type { MoveFeed } from "./moveFeed.ts";

export interface RunInput<Config> {
  readonly config: Config;
  readonly directory: string;
}

export type JobResult = Record<string, unknown>;

/** What others may hold while a society runs. */
export interface SocietyHandles {
  readonly controls: SocietyControls;
  readonly moves: MoveFeed;
}

export async function societyJob(
  { config, directory }: RunInput<SocietyConfig>,
  { controls, moves }: SocietyHandles,
  emit: EmitEvent,
  signal: AbortSignal,
): Promise<JobResult> {
  // Before there is a folder: what is refused leaves nothing that the next try would have to agree with.
  checkConfig(config);
  const observed = present([config.observer]);
  await checkModelFiles([...config.populations, ...observed].map(({ model }) => model));
  const speakers = await societySpeakers(config);
  const files = [...speakerFiles(speakers), config.questions.path, ...present([config.priorMemory.path])];
  const { run, resumed } = await RunDirectory.openOrCreate(directory, { config, schema: societyConfig, files, signal });
  await using _run = run;
  emit({ type: "started", run: run.id, directory: run.path, resumed });
  announceContexts(speakers, emit);
  tellThreads(config.threads, emit);
  await using models = await openModels(config, speakers, signal);
  const spoken = await Promise.all(speakers.map((speaker) => models.get(speaker)));
  announcePlaces(await models.places(), emit);
  const population = spoken.slice(0, config.populations.length);
  const result = await runSociety({
    config,
    run,
    models: { population, observer: spoken.at(-1) as (typeof spoken)[number] },
    emit,
    signal,
    controls,
    onMove: (move) => moves.push(move),
  });
  await recordFinished(run, { ...result });
  return { ...result };
}

export async function evaluationJob(
  { config, directory }: RunInput<EvaluationConfig>,
  emit: EmitEvent,
  signal: AbortSignal,
): Promise<JobResult> {
  const others = present([config.alignedModel, config.judge?.model ?? null]);
  await checkModelFiles([config.model, ...others]);
  // As above.
  const questions = await questionsOf(config, config.judge !== null);
  const { base, aligned, judge } = await evaluationSpeakers(config);
  const speakers = [base, aligned, ...present([judge])];
  const files = [...speakerFiles(speakers), config.questions, ...present([config.trainingData])];
  const { run, resumed } = await RunDirectory.openOrCreate(directory, {
    config,
    schema: evaluationConfig,
    files,
    signal,
  });
  await using _run = run;
  emit({ type: "started", run: run.id, directory: run.path, resumed });
  announceContexts(speakers, emit);
  tellThreads(config.threads, emit);
  await using models = await openModels(config, speakers, signal);
  const scoring = judge === null ? {} : { judge: await models.get(judge) };
  const sides = { base: await models.get(base), aligned: await models.get(aligned) };
  announcePlaces(await models.places(), emit);
  const result = await runEvaluation({
    config,
    questions,
    run,
    models: { ...sides, ...scoring },
    emit,
    signal,
  });
  await recordFinished(run, result);
  return result;
}

/** Log-probabilities of given responses, as llama.cpp computes them. */
export async function logpsJob(
  { model, adapter, items, appendEos, threads }: z.infer<typeof logpsInput>,
  signal: AbortSignal | undefined,
): Promise<z.infer<typeof logpsOutput>> {
  const options = signal === undefined ? {} : { signal };
  const { contextSize } = await contextOf({ model, adapter }, null);
  await using scorer = await openScorer({ path: model, adapter, contextSize, threads, ...options });
  const scored: z.infer<typeof logpsOutput> = [];
  for (const { query, response } of items) {
    signal?.throwIfAborted();
    const { tokens, logps } = await scorer.responseLogps(query, response, { appendEos });
    scored.push({ tokens: [...tokens], logps: [...logps] });
  }
  return scored;
}

async function openModels(
  config: SocietyConfig | EvaluationConfig,
  speakers: readonly Speaker[],
  signal: AbortSignal,
): Promise<ModelSet> {
  const { gpu, sequences } = config;
  // What is planned for is the largest.
  const contextSize = Math.max(...speakers.map((speaker) => speaker.contextSize));
  const kind = await inferenceDevice({ gpu, sequences, contextSize, models: speakers.map(({ model }) => model) });
  const different = new Set(speakers.map((one) => JSON.stringify([one.model, one.adapter, one.contextSize])));
  return new ModelSet({ ...config, contextSize, gpu: kind, speakers: different.size, signal });
}

function speakerFiles(speakers: readonly Speaker[]): string[] {
  return [...new Set(speakers.flatMap(({ model, adapter }) => present([model, adapter])))];
}

function present<T>(values: readonly (T | null)[]): T[] {
  return values.filter((value) => value !== null);
}
