/**
 * Models with two sets of RoPE factors (Phi 3 and its like): llama.cpp turns positions by the long ones where it is opened
 * with a context beyond the original one, whatever is read in it, else by the short ones. What was trained with one set
 * is wrong with the other.
 */
import type { GgufHeader } from "./ggufHeader.ts";
import { countValue, numberValue, textValue } from "./metadata.ts";

export interface LongRope {
  /** Largest context with the short factors, tokens. */
  readonly originalContext: number;
  /** Context that the model was trained for, tokens. */
  readonly trainedContext: number;
}

/** llama.cpp rounds contexts up to a multiple of this. */
const contextMultiple = 256;

/** Null for a model with one set of factors, or none. As in native/src/model.cpp. */
export function longRopeOf(header: GgufHeader): LongRope | null {
  const has = (name: string) => header.tensors.some((tensor) => tensor.name === name);
  if (has("rope_freqs.weight") || !has("rope_factors_long.weight")) return null;
  const architecture = textValue(header, "general.architecture");
  const trainedContext = countValue(header, `${architecture}.context_length`);
  const original = numberValue(header, `${architecture}.rope.scaling.original_context_length`) ?? trainedContext;
  return original === null ? null : { originalContext: original, trainedContext: trainedContext ?? original };
}

/** @param contextLength that the model is to be served with; null: within the original one */
export function usesLongFactors({ originalContext }: LongRope, contextLength: number | null): boolean {
  return contextLength !== null && contextLength > originalContext;
}

/** Whether llama.cpp, opened with so many tokens per sequence, takes the long factors: it rounds them up before it looks. */
export function opensWithLongFactors({ originalContext }: LongRope, contextSize: number): boolean {
  return Math.ceil(contextSize / contextMultiple) * contextMultiple > originalContext;
}

/** Most tokens that a row can have where its factors are right. */
export function longestRow(rope: LongRope, contextLength: number | null): number {
  const { originalContext, trainedContext } = rope;
  const served = usesLongFactors(rope, contextLength) ? (contextLength as number) : originalContext;
  return Math.min(served, trainedContext);
}

/**
 * Context to open llama.cpp with, for it to take the factors that were trained with.
 * @param wanted tokens that should fit
 * @returns fewer than `wanted` where more would switch factors; null where every context does
 */
export function contextWithFactors(rope: LongRope, contextLength: number | null, wanted: number): number | null {
  if (usesLongFactors(rope, contextLength)) return Math.max(wanted, rope.originalContext + 1);
  const most = Math.floor(rope.originalContext / contextMultiple) * contextMultiple;
  return most === 0 ? null : Math.min(wanted, most);
}

/** What a person must know of an adapter that is trained on such a model. */
export function factorsNotice(rope: LongRope, contextLength: number | null): string {
  const { originalContext } = rope;
  return usesLongFactors(rope, contextLength)
    ? `This model has two sets of RoPE factors, and is trained with the long ones: the adapter is right where the model is served with a context of more than ${originalContext} tokens, up to ${contextLength}, as evaluation and chat do. For contexts up to ${originalContext}, train without --context-length.`
    : `This model has two sets of RoPE factors, and is trained with the short ones: the adapter is right where the model is served with a context of up to ${originalContext} tokens, as evaluation and chat do. To serve it with N tokens, more than that, train with --context-length N.`;
}
