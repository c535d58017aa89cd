/** Shapes that estimates are made for. */
import { join } from "node:path";
import { type TrainingShape, trainingShape } from "../../../core/alignment/memory/shape.ts";
import type { LoraTarget } from "../../../core/contract/alignment.ts";
import { readGgufHeader } from "../../../core/models/ggufHeader.ts";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "cases", "llama", "model.gguf");
export const small = trainingShape(await readGgufHeader(fixture));

/** The shape of Llama 3.2 1 B as Q8_0, from its published configuration. */
export function llama1B(layers = 16): TrainingShape {
  const [embedding, feedForward, keyValue, vocabulary] = [2048, 8192, 512, 128_256];
  const linear = (target: LoraTarget, input: number, output: number) => ({
    targets: [target],
    input,
    output,
    type: "Q8_0",
    bytes: (input * output * 34) / 32,
  });
  const block = [
    linear("attn_q", embedding, embedding),
    linear("attn_k", embedding, keyValue),
    linear("attn_v", embedding, keyValue),
    linear("attn_output", embedding, embedding),
    linear("ffn_gate", embedding, feedForward),
    linear("ffn_up", embedding, feedForward),
    linear("ffn_down", feedForward, embedding),
  ];
  return {
    ...small,
    fileBytes: 1.3e9,
    layers,
    embedding,
    feedForward,
    heads: 32,
    attention: embedding,
    keyValue,
    headSize: 64,
    vocabulary,
    contextLength: 131_072,
    linears: Array.from({ length: layers }, (_, layer) => block.map((one) => ({ layer, ...one }))).flat(),
    head: {
      layer: null,
      targets: [],
      input: embedding,
      output: vocabulary,
      type: "Q8_0",
      bytes: (embedding * vocabulary * 34) / 32,
    },
  };
}
