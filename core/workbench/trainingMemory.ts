/** What training takes, from shapes alone: as the native trainer holds it (native/src/model.h, layer.h). Pure. */
import type { AlignConfig, LoraTarget } from "../contract/alignment.ts";
import type { ModelDescription } from "../contract/models.ts";
import { type Fit, fitOf } from "./fit.ts";

/** Tokens that one forward packs together (runAlignment.ts). */
const packedTokens = 1024;
/** Bytes per weight of the transposed copies: quantized bases become Q8_0, F16 and F32 stay what they are. */
const transposedBytes: Record<string, number> = { F32: 4, F16: 2, BF16: 2 };
const q8Bytes = 34 / 32;
/** Numbers per token that backward reads of one layer, in multiples of the embedding and the feed-forward width. */
const keptEmbeddings = 10;
const keptFeedForwards = 4;

export interface TrainingMemory extends Fit {
  readonly weights: number;
  readonly adapter: number;
  readonly activations: number;
  readonly total: number;
}

/** Null when the file does not say its shape. */
export function estimateTraining(
  model: ModelDescription,
  config: Pick<AlignConfig, "lora" | "maxLength">,
  free: number,
): (TrainingMemory & { parameters: number }) | null {
  const { embedding, layers, heads, kvHeads, feedForward } = model;
  if (embedding === null || layers === null || heads === null || kvHeads === null || feedForward === null) return null;
  const kvWidth = (embedding / heads) * kvHeads;
  const shapes: Record<LoraTarget, [number, number]> = {
    attn_q: [embedding, embedding],
    attn_k: [embedding, kvWidth],
    attn_v: [embedding, kvWidth],
    attn_output: [embedding, embedding],
    ffn_gate: [embedding, feedForward],
    ffn_up: [embedding, feedForward],
    ffn_down: [feedForward, embedding],
  };
  const linears = layers * Object.values(shapes).reduce((sum, [from, to]) => sum + from * to, 0);
  const head = embedding * (model.vocabulary ?? 0);
  const parameters =
    layers *
    config.lora.targets.reduce((sum, target) => sum + config.lora.rank * (shapes[target][0] + shapes[target][1]), 0);
  const weights = model.bytes + (linears + head) * (transposedBytes[model.quantization] ?? q8Bytes);
  // Values, gradients and both moments, F32.
  const adapter = 4 * 4 * parameters;
  const tokens = Math.max(packedTokens, config.maxLength);
  const perLayer = 4 * tokens * (keptEmbeddings * embedding + keptFeedForwards * feedForward);
  // Kept while they take at most a quarter of what is free, else computed again layer by layer.
  const activations = layers * perLayer <= free / 4 ? layers * perLayer : perLayer + 4 * tokens * embedding * layers;
  const total = weights + adapter + activations;
  return { weights, adapter, activations, total, parameters, ...fitOf(total, free) };
}
