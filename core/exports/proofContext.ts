/** The context that an export is proven in: the one that it was trained for, as far as the rows need it. */
import type { AlignConfig } from "../contract/alignment.ts";
import { FolkmootError } from "../contract/errors.ts";
import type { GgufHeader } from "../models/ggufHeader.ts";
import { trainedContext } from "../models/inspect.ts";
import { contextWithFactors, longestRow, longRopeOf } from "../models/longRope.ts";

/**
 * Tokens: room for the longest row of the training, in which llama.cpp takes the RoPE factors of the training.
 * @throws proof-failed where no context is that
 */
export function proofContext(
  model: GgufHeader,
  { maxLength, contextLength }: Pick<AlignConfig, "maxLength" | "contextLength">,
): number {
  const rope = longRopeOf(model);
  if (rope === null) return Math.min(maxLength, trainedContext(model));
  const context = contextWithFactors(rope, contextLength, Math.min(maxLength, longestRow(rope, contextLength)));
  if (context !== null) return context;
  const { originalContext } = rope;
  throw new FolkmootError("proof-failed", {
    message: `${model.path} was trained with its short RoPE factors, and llama.cpp can only use the long ones.`,
    reason: `llama.cpp opens contexts of 256 tokens at least, and this model takes the short factors in contexts up to ${originalContext} alone.`,
    action: `Train it with the long ones, in a run of its own: --context-length 256.`,
    details: { path: model.path, originalContext, contextLength },
  });
}
