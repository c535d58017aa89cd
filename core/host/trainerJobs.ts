/** The trainer's jobs: run directory, trainer and tokenizer are opened here, used by core/, and closed here. */
import { existsSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { z } from "zod";
import { forwardBegunWith } from "../alignment/alignmentCheckpoint.ts";
import { checkSettings, checkShape } from "../alignment/checkJob.ts";
import type { AlignmentControls } from "../alignment/controls.ts";
import { loadDataSet } from "../alignment/dataSet.ts";
import { gradcheck, readGradcheckCase } from "../alignment/gradcheck.ts";
import { explainOutOfMemory } from "../alignment/memory/advice.ts";
import { estimateMemory } from "../alignment/memory/estimate.ts";
import { gpuReserve, suitsGpu } from "../alignment/memory/gpuLayers.ts";
import { type TrainingShape, trainingShape } from "../alignment/memory/shape.ts";
import { loadNativeAddon } from "../alignment/nativeAddon.ts";
import type { NativeAddon } from "../alignment/nativeTrainer.ts";
import { type JobMemory, runAlignment } from "../alignment/runAlignment.ts";
import { type AlignConfig, alignConfig } from "../contract/alignment.ts";
import type { GpuChoice } from "../contract/device.ts";
import type { EmitEvent } from "../contract/events.ts";
import type { exportAdapterConfig, exportMergedConfig, gradcheckInput, gradcheckOutput } from "../contract/jobs.ts";
import { type ExportTools, exportAdapterOfRun, exportMergedOfRun } from "../exports/exportRun.ts";
import { readGgufHeader } from "../models/ggufHeader.ts";
import { loadedContextSize } from "../models/inspect.ts";
import { chooseDevice } from "../models/llama/computeDevice.ts";
import { supportedGpuKinds } from "../models/llama/gpuKinds.ts";
import { ggmlLibraryFolder } from "../models/llama/libraries.ts";
import { openScorer } from "../models/llama/loadedModel.ts";
import { openTokenizer } from "../models/llama/tokenizer.ts";
import { contextWithFactors, longRopeOf } from "../models/longRope.ts";
import { checkModelFiles } from "../models/modelChecks.ts";
import { tellThreads, usableThreads } from "../models/threads.ts";
import { checkTrainable } from "../models/trainable.ts";
import { availableBytes, largestResidentBytes } from "../workbench/processMemory.ts";
import { lastResult } from "../workbench/runFolders.ts";
import { recordFinished } from "../workspace/eventLog.ts";
import { RunDirectory } from "../workspace/runDirectory.ts";
import type { JobResult, RunInput } from "./engineJobs.ts";
import { TrainingSampler } from "./trainingSampler.ts";

/** As `trainerContract.align.run` has it. */
interface AlignInput extends RunInput<AlignConfig> {
  readonly cache: string | null;
  readonly memoryCeiling: number | null;
}

export async function alignJob(
  { config, directory, cache, memoryCeiling }: AlignInput,
  controls: AlignmentControls,
  emit: EmitEvent,
  signal: AbortSignal,
): Promise<JobResult> {
  const files = [config.model, config.data];
  // Before there is a folder: what is refused leaves nothing that the next try would have to agree with.
  await checkModelFiles([config.model]);
  const header = await readGgufHeader(config.model);
  checkTrainable(header);
  const shape = trainingShape(header);
  checkSettings(config, true);
  checkShape(config, shape);
  await loadDataSet(config.data);
  const addon = loadNativeAddon();
  const device = await trainingDevice(addon, config.gpu, (freeBytes) => suitsGpu(shape, config, freeBytes));
  const { run, resumed } = await RunDirectory.openOrCreate(directory, { config, schema: alignConfig, files, signal });
  await using _run = run;
  emit({ type: "started", run: run.id, directory: run.path, resumed });
  tellThreads(config.threads, emit);
  await using tokenizer = await openTokenizer(config.model);
  const { model, threads, activations, gpuLayers, contextLength } = config;
  const longRope = longRopeOf(header);
  const usualContext = loadedContextSize(header, null);
  const contextSize = longRope === null ? null : contextWithFactors(longRope, contextLength, usualContext);
  await using sampler = new TrainingSampler({ path: model, threads, contextSize });
  const memory = await jobMemory(shape);
  const reserveBytes = gpuReserve(shape, config);
  const context = contextOption(contextLength);
  const forward = await forwardBegunWith(run.checkpoints);
  const room = Math.min(memory.available, memoryCeiling ?? Number.POSITIVE_INFINITY);
  const copyBytes = Math.max(0, room - estimateMemory(shape, config, memory.total).total);
  const products = { copyBytes, ...(forward === undefined ? {} : { forward }) };
  const options = { model, threads, activations, gpuLayers, reserveBytes, ...products, ...context, ...device };
  const trainer = await addon.openTrainer(options).catch((error: unknown) => {
    throw explainOutOfMemory(error, shape, config, memory);
  });
  try {
    const shared = cache ?? workspaceCache(run.path);
    const parts = { trainer, tokenizer, sampler, controls, memory, longRope, emit, signal };
    const aligned = await runAlignment({ config, run, cache: shared, ...parts });
    const measured = { ...aligned, peakResidentBytes: memory.resident() };
    // A session that only reports keeps what the training before it took.
    const before = aligned.tokensPerSecond === null ? await lastResult(join(run.path, "events.jsonl")) : null;
    const result = { ...measured, ...(before?.memory === undefined ? {} : memoryOf(before)) };
    await recordFinished(run, result);
    return result;
  } finally {
    await trainer.dispose();
  }
}

export async function exportAdapterJob(
  { run, checkpoint, output, threads }: z.infer<typeof exportAdapterConfig>,
  emit: EmitEvent,
  signal: AbortSignal,
): Promise<JobResult> {
  tellThreads(threads, emit);
  const tools = exportTools(usableThreads(threads), signal);
  return { ...(await exportAdapterOfRun({ directory: run, checkpoint, output, tools, emit, signal })) };
}

export async function exportMergedJob(
  { run, checkpoint, output, type, threads }: z.infer<typeof exportMergedConfig>,
  emit: EmitEvent,
  signal: AbortSignal,
): Promise<JobResult> {
  tellThreads(threads, emit);
  const tools = exportTools(usableThreads(threads), signal);
  return { ...(await exportMergedOfRun({ directory: run, checkpoint, output, type, tools, emit, signal })) };
}

export async function gradcheckJob(input: z.infer<typeof gradcheckInput>): Promise<z.infer<typeof gradcheckOutput>> {
  const checked = await readGradcheckCase(input.case);
  const addon = loadNativeAddon();
  // What a case takes is next to nothing beside what any card has.
  const device = await trainingDevice(addon, input.gpu, () => true);
  const { model, threads, products } = input;
  const context = contextOption(checked.contextLength ?? null);
  const trainer = await addon.openTrainer({ model, threads, products, ...context, ...device });
  try {
    return await gradcheck(trainer, input, checked);
  } finally {
    await trainer.dispose();
  }
}

async function trainingDevice(addon: NativeAddon, choice: GpuChoice, suits: (freeBytes: number) => boolean) {
  const kind = await chooseDevice(choice, suits, {
    supportedKinds: supportedGpuKinds,
    listGpus: async (wanted) => {
      const gpus = await addon.listGpus({ libraries: ggmlLibraryFolder({ device: wanted }) });
      if (gpus[0]?.software === true) keepProductsExact();
      return gpus;
    },
  });
  return { libraries: ggmlLibraryFolder({ device: kind ?? "cpu" }), gpu: kind !== null };
}

/**
 * Vulkan in software is no faster with factors of half precision (80 and 72 tokens/s on llvmpipe), so there they stay
 * F32. ggml asks the environment when it opens the device.
 */
function keepProductsExact(): void {
  process.env.GGML_VK_DISABLE_F16 = "1";
}

/** As `OpenOptions` have it. */
function contextOption(contextLength: number | null): { contextLength?: number } {
  return contextLength === null ? {} : { contextLength };
}

function memoryOf({ memory, memoryEstimate, peakResidentBytes }: JobResult): JobResult {
  return { memory, memoryEstimate, peakResidentBytes };
}

async function jobMemory(shape: TrainingShape): Promise<JobMemory> {
  return {
    shape,
    available: await availableBytes(freemem()),
    total: totalmem(),
    resident: residentMeter(),
  };
}

/** Whether this process has trained or exported before. */
let hasWorked = false;

/**
 * The largest resident set of the process is the first job's; a later one's only where it has grown by it. Who wants the
 * figure of every training gives each a process of its own, as the workbench does.
 */
function residentMeter(): () => number | null {
  const before = hasWorked ? largestResidentBytes() : 0;
  hasWorked = true;
  return () => {
    const largest = largestResidentBytes();
    return largest > before ? largest : null;
  };
}

/** `cache` of the workspace that the run stands in; undefined for a run that stands by itself. */
function workspaceCache(run: string): string | undefined {
  const runs = dirname(resolve(run));
  const workspace = dirname(runs);
  return basename(runs) === "runs" && existsSync(join(workspace, "workspace.json"))
    ? join(workspace, "cache")
    : undefined;
}

function exportTools(threads: number, signal: AbortSignal): ExportTools {
  hasWorked = true;
  const addon = loadNativeAddon();
  return {
    addon,
    libraries: ggmlLibraryFolder({ device: "cpu" }),
    threads,
    openTrainer: (model, contextLength) => {
      const libraries = ggmlLibraryFolder({ device: "cpu" });
      return addon.openTrainer({ model, libraries, threads, ...contextOption(contextLength) });
    },
    openTokenizer,
    openScorer: (path, adapter, contextSize) => openScorer({ path, adapter, contextSize, threads, signal }),
  };
}
