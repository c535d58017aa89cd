/** Exports of an alignment run from end to end: samples from the trainer, file, proof by the runtime, provenance. */
import { olderThanLast } from "../alignment/damagedCheckpoints.ts";
import { loadDataSet } from "../alignment/dataSet.ts";
import type { NativeAddon, NativeTrainer } from "../alignment/nativeTrainer.ts";
import type { Tokenizer, TokenizeSettings } from "../alignment/tokenizeRows.ts";
import type { EmitEvent } from "../contract/events.ts";
import type { CheckpointChoice } from "../contract/jobs.ts";
import type { QuantizationType } from "../contract/models.ts";
import { factorsNotice, longRopeOf } from "../models/longRope.ts";
import { exportAdapter } from "./exportAdapter.ts";
import { exportMerged } from "./exportMerged.ts";
import { type ExportSource, readExportSource } from "./exportSource.ts";
import { type Proof, type ProofLimit, type ProofSample, proveExport, type ResponseScorer } from "./proof.ts";
import { proofContext } from "./proofContext.ts";
import { collectProofSamples } from "./proofSamples.ts";
import { limitOf } from "./tolerances.ts";
import type { ProvenFile } from "./writeProven.ts";

/** The native and the inference side; each thing that is opened here is disposed of here. */
export interface ExportTools {
  /** @param contextLength as the run has it */
  openTrainer(model: string, contextLength: number | null): Promise<NativeTrainer>;
  openTokenizer(model: string): Promise<Tokenizer & { dispose(): Promise<void> }>;
  /** On the files of the export, with a context of so many tokens. */
  openScorer(
    model: string,
    adapter: string | null,
    contextSize: number,
  ): Promise<ResponseScorer & { dispose(): Promise<void> }>;
  readonly addon: Pick<NativeAddon, "mergeAdapter" | "quantize">;
  /** Folder with the ggml libraries of node-llama-cpp. */
  readonly libraries: string;
  /** Compute threads of merging and quantizing, 0 = number of cores. */
  readonly threads: number;
}

export interface ExportJob {
  /** Run directory of the alignment. */
  readonly directory: string;
  /** Default: its newest whole one. */
  readonly checkpoint?: CheckpointChoice;
  /** File to write; replaced when it is there. */
  readonly output: string;
  readonly tools: ExportTools;
  readonly emit: EmitEvent;
  readonly signal?: AbortSignal | undefined;
  /** Seconds of a monotonic clock; default `performance.now() / 1000`. */
  readonly clock?: () => number;
}

export type ExportResult = ProvenFile & { step: number; seconds: number };

/** @throws as `readExportSource`, `writeProven`, `proveExport`; data-not-found when the training data are gone */
export async function exportAdapterOfRun(job: ExportJob): Promise<ExportResult> {
  return runExport(job, "export-adapter", limitOf("adapter"), (source, prove) =>
    exportAdapter({
      source,
      output: job.output,
      prove: (path) => prove(path, { model: source.run.config.model, adapter: path }),
    }),
  );
}

/** @param job.type file type; null = as merged. @throws as `exportAdapterOfRun` */
export async function exportMergedOfRun(job: ExportJob & { type: QuantizationType | null }): Promise<ExportResult> {
  const { addon, libraries, threads } = job.tools;
  return runExport(job, "export-merged", limitOf(job.type), (source, prove) =>
    exportMerged({
      source,
      output: job.output,
      type: job.type,
      addon,
      libraries,
      threads,
      signal: job.signal,
      prove: (path) => prove(path, { model: path, adapter: null }),
    }),
  );
}

type Prove = (path: string, opened: { model: string; adapter: string | null }) => Promise<Proof>;

async function runExport(
  { directory, checkpoint = "last", tools, emit, signal, clock = () => performance.now() / 1000 }: ExportJob,
  stage: string,
  limit: ProofLimit,
  write: (source: ExportSource, prove: Prove) => Promise<ProvenFile>,
): Promise<ExportResult> {
  const started = clock();
  const say = (done: number, note: string) =>
    emit({ type: "progress", stage, done, total: 3, unit: "parts", rate: null, secondsLeft: null, note });
  const source = await readExportSource(directory, checkpoint, signal);
  const older = checkpoint === "last" ? await olderThanLast(source.run.path, source.checkpoint.step) : null;
  if (older !== null) emit({ type: "warning", message: older });
  const rope = longRopeOf(source.model);
  if (rope !== null) emit({ type: "notice", message: factorsNotice(rope, source.run.config.contextLength) });
  say(0, "measuring the trainer");
  const { samples, rows, contextSize } = await samplesOf(source, tools, signal);
  say(1, "writing");
  const file = await write(source, async (path, { model, adapter }) => {
    say(2, "opening it again to prove it");
    const scorer = await tools.openScorer(model, adapter, contextSize);
    try {
      return await proveExport(path, samples, scorer, { limit, rows, signal });
    } finally {
      await scorer.dispose();
    }
  });
  say(3, "proven");
  return { ...file, step: source.checkpoint.step, seconds: clock() - started };
}

interface Samples {
  readonly samples: readonly ProofSample[];
  /** How they were cut. */
  readonly rows: TokenizeSettings;
  /** Of the runtime that they are proven with, tokens. */
  readonly contextSize: number;
}

/** The trainer is closed again before the export is opened: one model in memory at a time. */
async function samplesOf(
  { run, checkpoint, model }: ExportSource,
  tools: ExportTools,
  signal: AbortSignal | undefined,
): Promise<Samples> {
  const { config } = run;
  const contextSize = proofContext(model, config);
  const settings = { appendEos: config.appendEos, maxLength: Math.min(config.maxLength, contextSize) };
  const { rows } = await loadDataSet(config.data);
  const tokenizer = await tools.openTokenizer(config.model);
  try {
    const trainer = await tools.openTrainer(config.model, config.contextLength);
    try {
      await trainer.loadAdapter(checkpoint.adapter);
      const { seed } = config;
      const samples = await collectProofSamples({ trainer, tokenizer, rows, settings, seed, signal });
      return { samples, rows: settings, contextSize };
    } finally {
      await trainer.dispose();
    }
  } finally {
    await tokenizer.dispose();
  }
}
