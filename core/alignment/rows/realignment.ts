/** Realignment: the model learns to turn a draft and its feedback into a better answer. */
import type { AlignmentRow, DataSettings } from "../../contract/alignment.ts";
import type { InteractionRecord } from "../../contract/interaction.ts";
import type { Prompt } from "../../models/languageModel.ts";
import { revisionPrompt } from "../../society/prompts.ts";
import { type Built, type ExclusionReason, emptyExclusions, speakerOf } from "./row.ts";

/**
 * One row per interaction whose observer's alignment score rose: the society's revision prompt as query, the revision
 * and the draft as responses with the observer's scores. Feedback whose rating could not be read stays out of it.
 */
export function buildRealignment(
  records: readonly InteractionRecord[],
  { minimumScore }: DataSettings,
  render: (prompt: Prompt) => string,
): Built {
  const excluded = emptyExclusions();
  const rows: AlignmentRow[] = [];
  const seen = new Set<string>();
  for (const record of records) {
    const row = realignmentRow(record, render);
    const reason = exclusion(record, minimumScore);
    const key = JSON.stringify([row.query, row.responses]);
    if (reason !== null) excluded[reason]++;
    else if (seen.has(key)) excluded.duplicate++;
    else {
      seen.add(key);
      rows.push(row);
    }
  }
  return { rows, examined: records.length, excluded };
}

function exclusion({ draft, revision, observer }: InteractionRecord, minimumScore: number): ExclusionReason | null {
  const before = observer.before.alignment.rating;
  const after = observer.after.alignment.rating;
  if (draft.trim() === "" || revision.trim() === "") return "empty";
  if (before === null || after === null) return "nullRating";
  if (draft.trim() === revision.trim()) return "duplicate";
  if (after === before) return "tie";
  if (after < before) return "fell";
  return after < minimumScore ? "belowMinimum" : null;
}

function realignmentRow(record: InteractionRecord, render: (prompt: Prompt) => string): AlignmentRow {
  const rated = record.feedback.filter((feedback) => feedback.rating !== null);
  const ratings = rated.map((feedback) => feedback.rating as number);
  const average = ratings.length === 0 ? null : ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
  const draft = record.draft.trim();
  return {
    kind: "realignment",
    query: render(
      revisionPrompt(
        record.question.trim(),
        draft,
        average,
        rated.map((feedback) => feedback.reason.trim()).filter((reason) => reason !== ""),
      ),
    ),
    responses: [record.revision.trim(), draft],
    scores: [record.observer.after.alignment.rating ?? 0, record.observer.before.alignment.rating ?? 0],
    models: [speakerOf(record.agent), speakerOf(record.agent)],
    source: [record.id],
  };
}
