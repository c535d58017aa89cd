/** One copy of a model's weights, and the language models (contexts) that speak with it, one per adapter. */
import type { LlamaModel, Token } from "node-llama-cpp";
import type { GpuKind, GpuLayers } from "../../contract/device.ts";
import type { PromptFormat } from "../../contract/society.ts";
import { hashFile, hashModel } from "../../workspace/hash.ts";
import type { GgufHeader } from "../ggufHeader.ts";
import { loadedContextSize, promptChunk } from "../inspect.ts";
import type { LanguageModel } from "../languageModel.ts";
import { modelUnsupported } from "../modelErrors.ts";
import { type PromptFormatter, templateFormatter } from "../promptFormat.ts";
import { type BatchRules, freeRules, fullBatches } from "./batching.ts";
import { BatchState } from "./batchState.ts";
import { chatFormatter } from "./chatFormat.ts";
import { LlamaLanguageModel } from "./llamaLanguageModel.ts";
import { checkTokens } from "./loadErrors.ts";
import { ResponseScorer } from "./responseScorer.ts";
import { measureBatchRules } from "./rowInvariance.ts";
import { checkAdapterFile, explainLoad, type GpuPlacement, loadCheckedModel, type Place } from "./runtime.ts";
import { BatchScheduler } from "./scheduler.ts";
import { beginToken, tokenizeContinuation, tokenizeText } from "./tokenizer.ts";

/** Least tokens of one batch; more prompts of equal length fit together. */
const leastBatch = 2 * promptChunk;

const defaultSequences = 16;

const smallModelBytes = 512 * 1024 * 1024;

export interface LoadOptions {
  readonly path: string;
  /** Calls decoded in one batch; default 16. */
  readonly sequences?: number;
  /** Tokens per sequence, rounded up to a multiple of 256; default: what the model was trained on, at most 2048. */
  readonly contextSize?: number | null;
  /** Compute threads, 0 (default) = as many as there are cores; one for a model below 64 MiB. */
  readonly threads?: number;
  /** Equal texts for equal seeds, whatever shares a batch; default true. */
  readonly deterministic?: boolean;
  /** Kind of GPU to compute on; null (default) = the processor. */
  readonly gpu?: GpuKind | null;
  /** Layers that live there; default: as many as fit beside the contexts. */
  readonly gpuLayers?: GpuLayers;
  /** Language models that will speak with these weights at once, each with its own context; default 1. */
  readonly speakers?: number;
  readonly promptFormat?: PromptFormat;
  readonly signal?: AbortSignal;
}

export interface SpeakOptions {
  readonly ownsWeights?: boolean;
  readonly contextSize?: number;
}

export interface LoadedModel extends AsyncDisposable {
  readonly path: string;
  readonly place: Place;
  /** As `hashModel`. */
  readonly hash: string;
  /**
   * A language model with this adapter (null = none) in a context of its own. It is disposed with the weights, and
   * they with it if it `ownsWeights` (default false). `contextSize`: as in `LoadOptions`, which it overrides.
   *
   * @throws FolkmootError `adapter-mismatch`, `model-corrupt`, `model-unsupported`, `out-of-memory`.
   */
  speak(adapter: string | null, options?: SpeakOptions): Promise<LanguageModel>;
  /** Disposes every language model, then the weights. */
  dispose(): Promise<void>;
}

/** @throws FolkmootError as `loadCheckedModel`; `model-unsupported` when `chat` is asked for and there is no template. */
export async function loadModel(options: LoadOptions): Promise<LoadedModel> {
  const { header, model, threads, place } = await loadCheckedModel(options.path, {
    threads: options.threads ?? 0,
    gpu: gpuPlacement(options),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const hash = await hashModel(header.path, options.signal);
    return new Weights({ options, threads, place, hash, header, model, formatter: formatterFor(model, options) });
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

export interface ScoringModel extends AsyncDisposable {
  responseLogps: LanguageModel["responseLogps"];
  /** Of tokens as they are; `prompt` with its beginning-of-sequence token, if it has one. */
  tokenLogps(prompt: readonly number[], response: readonly number[]): Promise<readonly number[]>;
  /** How it reads texts, as `openTokenizer`. */
  tokenize(text: string): number[];
  tokenizeContinuation(text: string): number[];
  readonly bos: number | null;
  readonly eos: number | null;
  dispose(): Promise<void>;
}

/**
 * Model and adapter for log-probabilities alone (proofs): no sequences to generate with, nothing to measure.
 *
 * @throws FolkmootError as `loadModel` and `speak`.
 */
export async function openScorer(
  options: Pick<LoadOptions, "path" | "contextSize" | "threads" | "signal"> & { adapter: string | null },
): Promise<ScoringModel> {
  const { path, adapter, signal } = options;
  const { header, model, threads } = await loadCheckedModel(path, {
    threads: options.threads ?? 0,
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    if (adapter !== null) await checkAdapterFile(adapter, header);
    const contextSize = loadedContextSize(header, options.contextSize ?? null);
    const shape = { contextSize, batchSize: leastBatch, threads, lora: adapter, controlTokens: false };
    const scorer = await ResponseScorer.open(model, shape);
    const dispose = async () => {
      await scorer.dispose();
      await model.dispose();
    };
    return {
      responseLogps: (query, response, scoring) => scorer.score(query, response, scoring),
      tokenLogps: async (prompt, response) => (await scorer.scoreTokens(prompt as Token[], response as Token[])).logps,
      tokenize: (text) => tokenizeText(model, text, false),
      tokenizeContinuation: (text) => tokenizeContinuation(model, text, false),
      bos: beginToken(model),
      eos: model.tokens.eos,
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await model.dispose();
    throw explainLoad(adapter ?? path, error, { gpu: false, signal });
  }
}

interface WeightsParts {
  readonly options: LoadOptions;
  readonly threads: number;
  readonly place: Place;
  readonly hash: string;
  readonly header: GgufHeader;
  readonly model: LlamaModel;
  readonly formatter: PromptFormatter;
}

class Weights implements LoadedModel {
  readonly path: string;
  readonly hash: string;
  readonly place: Place;
  private readonly parts: WeightsParts;
  private readonly speaking = new Set<LanguageModel>();

  constructor(parts: WeightsParts) {
    this.parts = parts;
    this.path = parts.options.path;
    this.hash = parts.hash;
    this.place = parts.place;
  }

  async speak(adapter: string | null, { ownsWeights = false, contextSize }: SpeakOptions = {}): Promise<LanguageModel> {
    const { header, options, place } = this.parts;
    if (adapter !== null) await checkAdapterFile(adapter, header);
    const adapterHash = adapter === null ? null : await hashFile(adapter, options.signal);
    try {
      const size = loadedContextSize(header, contextSize ?? options.contextSize ?? null);
      const languageModel = await this.open(adapter, adapterHash, size, async () => {
        this.speaking.delete(languageModel);
        if (ownsWeights) await this.dispose();
      });
      this.speaking.add(languageModel);
      return languageModel;
    } catch (error) {
      throw explainLoad(adapter ?? options.path, error, { gpu: place.gpuLayers !== null, signal: options.signal });
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.speaking].map((languageModel) => languageModel.dispose()));
    await this.parts.model.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  private async open(
    adapter: string | null,
    adapterHash: string | null,
    contextSize: number,
    onDisposed: () => Promise<void>,
  ): Promise<LanguageModel> {
    const { options, threads, model, formatter, hash } = this.parts;
    const rules = await this.batchRules(adapter);
    const multiple = rules.rows ?? 1;
    const sequences = Math.ceil((options.sequences ?? defaultSequences) / multiple) * multiple;
    checkTokens(options.path, { sequences, contextSize });
    const batchSize = Math.max(leastBatch, sequences);
    const state = new BatchState(rules);
    const shape = { contextSize, batchSize, ...(adapter === null ? {} : { lora: adapter }) };
    const context = await model.createContext({
      ...shape,
      sequences,
      flashAttention: (options.deterministic ?? true) ? false : "auto",
      threads: { ideal: threads, min: threads },
      batching: { itemPrioritizationStrategy: state.strategy() },
      // Prompts are shared by cutting states back, which a sliding window would not allow.
      swaFullCache: true,
      failedCreationRemedy: false,
    });
    const fillToken = model.tokens.bos ?? model.tokens.eos ?? (0 as never);
    const scheduler = new BatchScheduler(state, { context, promptChunk, fillToken });
    const scorerOptions = { contextSize, batchSize, threads, lora: adapter, controlTokens: formatter.controlTokens };
    return new LlamaLanguageModel({
      model,
      context,
      scheduler,
      formatter,
      promptChunk,
      hash,
      adapterHash,
      openScorer: () => ResponseScorer.open(model, scorerOptions),
      onDisposed,
    });
  }

  private async batchRules(adapter: string | null): Promise<BatchRules> {
    const { options, threads, header, model, place } = this.parts;
    if (!(options.deterministic ?? true)) return freeRules;
    if (place.gpuLayers !== null) return fullBatches(options.sequences ?? defaultSequences);
    // Threads wait for each other after every operation: on a small model one alone is done sooner.
    const trialThreads = header.fileBytes < smallModelBytes ? 1 : threads;
    return measureBatchRules(model, { header, threads: trialThreads, lora: adapter });
  }
}

function gpuPlacement({ gpu, gpuLayers, speakers, sequences, contextSize }: LoadOptions): GpuPlacement | null {
  if (gpu === undefined || gpu === null) return null;
  const contexts = (sequences ?? defaultSequences) * (speakers ?? 1);
  return {
    kind: gpu,
    layers: gpuLayers ?? "auto",
    contextTokens: (header) => contexts * loadedContextSize(header, contextSize ?? null),
  };
}

function formatterFor(model: LlamaModel, { path, promptFormat }: LoadOptions): PromptFormatter {
  if (promptFormat !== "chat") return templateFormatter();
  const template = model.fileInfo.metadata.tokenizer?.chat_template;
  if (template === undefined || template === "") throw modelUnsupported(path, "it brings no chat template");
  return chatFormatter(template, {
    begin: model.tokens.bosString,
    end: model.tokens.eosString,
    endOfTurn: model.tokens.eotString,
  });
}

/** A single language model that owns its weights: its `dispose` frees both. */
export async function openLanguageModel(options: LoadOptions & { adapter?: string | null }): Promise<LanguageModel> {
  const weights = await loadModel(options);
  try {
    return await weights.speak(options.adapter ?? null, { ownsWeights: true });
  } catch (error) {
    await weights.dispose();
    throw error;
  }
}
