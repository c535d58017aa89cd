/** The contexts that a job's models are opened with: each as it was trained, base and aligned side alike. */
import { basename } from "node:path";
import type { EvaluationConfig } from "../contract/evaluation.ts";
import type { EmitEvent } from "../contract/events.ts";
import type { SocietyConfig } from "../contract/society.ts";
import { trainingOf } from "../exports/trainingOf.ts";
import { readGgufHeader } from "../models/ggufHeader.ts";
import { trainedContext } from "../models/inspect.ts";
import { type ContextWish, type ServedContext, servedContext } from "../models/servedContext.ts";
import { modelPath } from "../models/splitModel.ts";

export interface SpeakerName {
  readonly model: string;
  readonly adapter: string | null;
}

export interface Speaker extends SpeakerName, ServedContext {}

/** In the order of the populations, the observer last. @throws as `servedContext` and `readGgufHeader` */
export async function societySpeakers(config: SocietyConfig): Promise<Speaker[]> {
  const { populations, contextLength } = config;
  const [first] = populations;
  const observer: SpeakerName | undefined = config.observer ?? (first && { model: first.model, adapter: null });
  const names = [...populations, ...(observer === undefined ? [] : [observer])];
  return Promise.all(names.map(async (name) => speaker(name, contextLength, await trainingOfSpeaker(name))));
}

export interface EvaluationSpeakers {
  readonly base: Speaker;
  readonly aligned: Speaker;
  readonly judge: Speaker | null;
}

/**
 * The base is opened as the aligned side is, so that they differ in the training alone. A judge has its own context, no
 * larger than it was trained on.
 * @throws as `servedContext` and `readGgufHeader`
 */
export async function evaluationSpeakers(config: EvaluationConfig): Promise<EvaluationSpeakers> {
  const { model, adapter, contextLength } = config;
  const aligned: SpeakerName = { model: config.alignedModel ?? model, adapter };
  const training = await trainingOfSpeaker(aligned);
  return {
    base: await speaker({ model, adapter: null }, contextLength, training),
    aligned: await speaker(aligned, contextLength, training),
    judge: config.judge === null ? null : await judgeOf(config.judge, contextLength),
  };
}

/** The context of a talk, or of a score: base and adapter have the same. @throws as `servedContext` */
export async function contextOf(name: SpeakerName, contextSize: number | null): Promise<ServedContext> {
  return servedContext(await readGgufHeader(modelPath(name.model)), {
    contextSize,
    training: await trainingOfSpeaker(name),
  });
}

/** What is to be known of the contexts, each thing once. */
export function announceContexts(speakers: readonly Speaker[], emit: EmitEvent): void {
  const told = (of: "notice" | "warning") =>
    new Set(speakers.flatMap((one) => (one[of] === null ? [] : [`${basename(one.model)}: ${one[of]}`])));
  for (const message of told("notice")) emit({ type: "notice", message });
  for (const message of told("warning")) emit({ type: "warning", message });
}

async function judgeOf(judge: SpeakerName, contextLength: number | null): Promise<Speaker> {
  const most = trainedContext(await readGgufHeader(modelPath(judge.model)));
  const wanted = contextLength === null ? null : Math.min(contextLength, most);
  return speaker(judge, wanted, await trainingOfSpeaker(judge));
}

async function speaker(
  { model, adapter }: SpeakerName,
  contextSize: number | null,
  training: ContextWish["training"],
): Promise<Speaker> {
  const header = await readGgufHeader(modelPath(model));
  return { model, adapter, ...servedContext(header, { contextSize, training }) };
}

async function trainingOfSpeaker({ model, adapter }: SpeakerName): Promise<ContextWish["training"]> {
  if (adapter === null) return trainingOf(model);
  return (await trainingOf(adapter)) ?? "unknown";
}
