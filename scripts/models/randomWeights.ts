import { randomStream } from "../../core/random.ts";
import type { LlamaShape, WeightMatrix } from "./llamaFile.ts";

/** Weights per chunk, about; a chunk is whole rows. */
const chunkWeights = 1 << 16;

/** A matrix with independent weights, uniform with the given standard deviation; equal seed and name, equal matrix. */
export function* uniformRows(
  seed: number,
  { name, inputs, outputs }: WeightMatrix,
  deviation: number,
): Generator<Float32Array> {
  const random = randomStream(seed, "weights", name);
  const scale = (deviation * Math.sqrt(12)) / 2 ** 32;
  const rowsPerChunk = Math.max(1, Math.floor(chunkWeights / inputs));
  for (let row = 0; row < outputs; row += rowsPerChunk) {
    const chunk = new Float32Array(Math.min(rowsPerChunk, outputs - row) * inputs);
    for (let i = 0; i < chunk.length; i++) chunk[i] = (random.seed() - 2 ** 31 + 0.5) * scale;
    yield chunk;
  }
}

/**
 * Standard deviations of a random start. Linears keep the scale of their input; what adds to the residual stream is
 * smaller by √(2·layers), so that depth does not blow it up (GPT-2, section 2.3).
 */
export function linearDeviation({ name, inputs }: WeightMatrix, { layers }: Pick<LlamaShape, "layers">): number {
  const addsToResidual = name.includes("attn_output") || name.includes("ffn_down");
  return 1 / Math.sqrt(addsToResidual ? inputs * 2 * layers : inputs);
}
