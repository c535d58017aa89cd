/** The largest forward passes that settings allow, whatever the rows. Pure. */
import { referenceCandidates } from "../candidates.ts";
import { partsOf } from "../losses/index.ts";
import type { MemorySettings } from "./estimate.ts";
import type { QuestionSize } from "./packing.ts";
import type { TrainingShape } from "./shape.ts";

/** Query and response of a short question together, tokens. */
const shortQuestion = 64;

interface Pass {
  readonly questions: QuestionSize[];
  readonly backward: boolean;
}

/**
 * A step packs no more questions than it has; the evaluation curve and the reference fill a pass without backward.
 * Responses count more than once, so that a short query with long ones is the largest of all; a long query with many
 * heads attends over more.
 */
export function largestPasses(shape: TrainingShape, settings: MemorySettings): Pass[] {
  const { maxRejected, batchTokens, accumulation } = settings;
  const parts = partsOf(settings.loss);
  const released = parts.some((part) => part.id === "stable-alignment" && part.semantics === "reference");
  const alone = parts.every((part) => part.id === "sft");
  const candidates = alone ? 1 : released ? referenceCandidates : 1 + maxRejected;
  const passes = (length: number, query: number): Pass[] => {
    const question = { query, responses: Array.from({ length: candidates }, () => Math.max(1, length - query)) };
    const tokens = question.query + question.responses.reduce((sum, tokenCount) => sum + tokenCount, 0);
    const most = Math.max(1, Math.floor(batchTokens / tokens));
    const filled = (count: number) => Array.from({ length: count }, () => question);
    return [
      { questions: filled(Math.min(most, accumulation)), backward: true },
      { questions: filled(most), backward: false },
    ];
  };
  const longest = Math.min(settings.maxLength, shape.contextLength);
  return [longest, Math.min(longest, shortQuestion)].flatMap((length) =>
    [Math.ceil(length / 2), 1].flatMap((query) => passes(length, query)),
  );
}
