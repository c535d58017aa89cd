/** Records as a person wants them used: with corrected ratings, and rewritten answers as examples. Pure. */
import type { InteractionRecord, RatedReason } from "../../contract/interaction.ts";
import type { AnnotationState } from "../../contract/workbench/dialogues.ts";

/** What a rewritten answer is worth: the best that the scale has. */
const rewrittenRating = 7;

/**
 * The record with the corrected ratings in place of the observer's, and, where a person rewrote the answer, a second
 * record in which the agent revised its draft to that answer. The record that came in stays as it is.
 */
export function correctedRecords(
  record: InteractionRecord,
  state: AnnotationState,
): [corrected: InteractionRecord, ...rewritten: InteractionRecord[]] {
  const { before, after } = record.observer;
  const corrected: InteractionRecord = {
    ...record,
    observer: {
      before: { ...before, alignment: rated(before.alignment, state.ratings.before) },
      after: { ...after, alignment: rated(after.alignment, state.ratings.after) },
    },
  };
  if (state.answer === null) return [corrected];
  const rewritten: InteractionRecord = {
    ...corrected,
    revision: state.answer,
    observer: {
      before: corrected.observer.before,
      after: { ...after, alignment: rated(after.alignment, rewrittenRating) },
    },
    intervention: { field: "revision", note: "Rewritten by a person." },
  };
  return [corrected, rewritten];
}

/** Changes that a person made: ratings and answers. */
export function correctionsIn({ ratings, answer }: AnnotationState): number {
  return [ratings.before, ratings.after, answer].filter((value) => value !== null).length;
}

function rated(observed: RatedReason, correction: number | null): RatedReason {
  return correction === null ? observed : { ...observed, rating: correction, probabilities: null, expected: null };
}
