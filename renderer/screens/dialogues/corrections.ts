/** From what stands in the form to the changes that the service is asked for: only what is different. */
import type { AnnotationChange, AnnotationState } from "../../../core/contract/workbench/dialogues.ts";

export interface Corrections {
  readonly before: number | null;
  readonly after: number | null;
  readonly answer: string | null;
  readonly note: string | null;
}

export function correctionChanges(known: AnnotationState, wanted: Corrections): AnnotationChange[] {
  const changes: AnnotationChange[] = [];
  for (const which of ["before", "after"] as const)
    if (known.ratings[which] !== wanted[which]) changes.push({ kind: "rating", which, rating: wanted[which] });
  if (known.answer !== wanted.answer) changes.push({ kind: "answer", text: wanted.answer });
  if (known.note !== wanted.note) changes.push({ kind: "note", text: wanted.note });
  return changes;
}
