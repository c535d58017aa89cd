/** A small model with two sets of RoPE factors, trained by the trainer host's own job. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlignmentControls } from "../../core/alignment/controls.ts";
import { type AlignConfig, alignConfig, type MetricsLine } from "../../core/contract/alignment.ts";
import type { JobEvent } from "../../core/contract/events.ts";
import { alignJob } from "../../core/host/trainerJobs.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { writeTinyModel } from "./tinyModels.ts";

export interface LongRopeRun {
  readonly directory: string;
  readonly config: AlignConfig;
  readonly notices: string;
  readonly warnings: string;
  /** Nats per token of the best response before the first step. */
  readonly firstNll: number;
}

/**
 * Four steps on one row.
 * @param over settings of the alignment
 * @param originalContext largest context with the short factors, tokens
 * @param trainedContext largest context that the model may have, tokens
 */
export async function trainLongRope(over: object, originalContext = 256, trainedContext = 512): Promise<LongRopeRun> {
  const folder = await temporaryFolder();
  const [model, data, directory] = [join(folder, "m.gguf"), join(folder, "data.json"), join(folder, "run")];
  await writeTinyModel(model, {
    ...{ architecture: "phi3", tied: false, ropeFactors: false, seed: 22, vocabulary: 96 },
    metadata: {
      "phi3.rope.scaling.original_context_length": { type: "u32", value: originalContext },
      "phi3.context_length": { type: "u32", value: trainedContext },
    },
  });
  const responses = ["thisistheanswer", "andthisisanother"].map((text) => text.repeat(20));
  writeFileSync(data, JSON.stringify([{ query: "question".repeat(20), responses, scores: [6, 1] }]));
  const config = alignConfig.parse({
    ...{ model, data, lora: { rank: 4 }, optimizer: { learningRate: 1e-2 }, epochs: 4, evaluationShare: 0 },
    ...{ gpu: "off", threads: 1, maxLength: 128, ...over },
  });
  const events: JobEvent[] = [];
  const { signal } = new AbortController();
  const job = { config, directory, cache: null, memoryCeiling: null };
  await alignJob(job, new AlignmentControls(), (event) => events.push(event), signal);
  const [first = ""] = readFileSync(join(directory, "metrics.jsonl"), "utf8").split("\n");
  return {
    directory,
    config,
    notices: messagesOf(events, "notice"),
    warnings: messagesOf(events, "warning"),
    firstNll: (JSON.parse(first) as MetricsLine).nll,
  };
}

/** One a line. */
export function messagesOf(events: readonly JobEvent[], type: "notice" | "warning"): string {
  return events.flatMap((event) => (event.type === type ? [event.message] : [])).join("\n");
}
