/** What a training of given rows takes: as `estimateMemory`, for the passes that it will really make. Pure. */
import type { AlignConfig } from "../../contract/alignment.ts";
import type { RowSizes } from "../../contract/rowSizes.ts";
import { planSteps } from "../plan.ts";
import { type Estimator, estimateMemory, estimatePass, keepsAll, type MemoryEstimate } from "./estimate.ts";
import { LargestPackings, rowPasses } from "./rowPasses.ts";
import { lengthOf } from "./rowSizes.ts";
import type { TrainingShape } from "./shape.ts";

/** The working memory of a block, and the process, may be so much more than their figures, which are means. */
const caution = { work: 1.3, program: 1.05 };
/** Of the process for every row and token: up to 8.3 KB a row were measured. */
const rowBytes = { row: 8192, token: 8 };
/** A plan of more questions is not gone through: so many take a quarter of a second, and a form asks with every change. */
const mostQuestions = 50_000;

/**
 * Never less than the training takes: buffers grow to the largest that any pass asks of them, so every part is the largest
 * of its own.
 * @param config beside what memory depends on: seed, epochs and steps, which decide what is packed together
 */
export function rowEstimator(config: AlignConfig, sizes: RowSizes): Estimator {
  const rows = [...sizes.training, ...sizes.evaluation];
  const tokens = rows.reduce((sum, { query, responses }) => sum + responses.reduce((all, one) => all + one, query), 0);
  const held = rows.length * rowBytes.row + tokens * rowBytes.token;
  const longestRow = rows.reduce((longest, row) => Math.max(longest, lengthOf(row)), 0);
  const { positions } = planSteps(sizes.training.length, config);
  return (shape, settings, memory, device = "processor") => {
    const longest = Math.min(settings.maxLength, shape.contextLength, longestRow);
    const estimates =
      positions > mostQuestions || sizes.training.length === 0
        ? [estimateMemory(shape, { ...settings, maxLength: longest }, memory, device)]
        : passEstimates(shape, { ...config, ...settings }, sizes, { longest, memory, device });
    const whole = largestParts(estimates);
    if (device === "gpu") return whole;
    // What is saved is copied first.
    const beside = held + whole.adapter + samplerBytes(shape, config);
    return { ...whole, program: whole.program + beside, total: whole.total + beside };
  };
}

function passEstimates(
  shape: TrainingShape,
  config: AlignConfig,
  sizes: RowSizes,
  { longest, memory, device }: { longest: number; memory: number; device: "processor" | "gpu" },
): MemoryEstimate[] {
  const kinds = new Map<string, { readonly largest: LargestPackings; readonly backward: boolean }>();
  for (const { packing, backward } of rowPasses(config, sizes, longest)) {
    // A pass that is larger may keep nothing, and take less.
    const kind = `${backward} ${backward && keepsAll(shape, config, packing, memory)}`;
    const known = kinds.get(kind) ?? { largest: new LargestPackings(), backward };
    kinds.set(kind, known);
    known.largest.add(packing);
  }
  return [...kinds.values()].flatMap(({ largest, backward }) =>
    largest.all.map((packing) => estimatePass(shape, config, packing, { memory, device, backward })),
  );
}

function largestParts(estimates: readonly MemoryEstimate[]): MemoryEstimate {
  const most = (part: Exclude<keyof MemoryEstimate, "keepsActivations">) =>
    Math.max(...estimates.map((estimate) => estimate[part]));
  const parts = { weights: most("weights"), copies: most("copies"), adapter: most("adapter") };
  const [activations, program] = [most("activations"), most("program") * caution.program];
  const [headChunk, block] = [most("headChunk") * caution.work, most("block") * caution.work];
  const whole = [...Object.values(parts), activations, Math.max(headChunk, block), program];
  const { keepsActivations } = estimates.find((one) => one.activations === activations) as MemoryEstimate;
  const total = whole.reduce((sum, bytes) => sum + bytes, 0);
  return { ...parts, activations, keepsActivations, headChunk, block, program, total, rows: most("rows") };
}

/** llama.cpp's contexts, and what it takes beside its buffers and their share: measured 41 MiB of 6, and 363 of 252. */
const speaker = { contextSize: 2048, batch: 128, beside: 40 * 2 ** 20, share: 1.4 };

/** The model that speaks while it is trained (`samples`): weights once more, F16 keys and values, one batch. */
function samplerBytes(shape: TrainingShape, { samples }: AlignConfig): number {
  if (samples.every === 0) return 0;
  const { fileBytes, layers, keyValue, vocabulary, embedding, heads, contextLength } = shape;
  const context = Math.min(speaker.contextSize, contextLength);
  const cache = 2 * layers * 2 * keyValue * context * samples.prompts.length;
  const compute = 4 * speaker.batch * (2 * vocabulary + 12 * embedding + heads * context);
  return speaker.beside + speaker.share * (fileBytes + cache + compute);
}
