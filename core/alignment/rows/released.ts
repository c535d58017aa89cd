/**
 * Rows as the released code builds them (`reference`; collect_data.py of agi-templar/Stable-Alignment), so that a data
 * set can be compared with the published ones. Where it differs from the paper:
 *
 * - imitation: every draft and revision of a question; candidates are drawn in training, not here;
 * - self-critic: all reasons for one draft in one row, each with the rating that its peer gave the draft;
 * - realignment: one response per piece of feedback, the reason and then the revision, where the observer's rating
 *   rose to more than 4; question and draft are the query;
 * - a rating that could not be read counts: 8 where a peer gave it, −1 where the observer did;
 * - equal responses of a kind are kept once, whatever they answer; rows are sorted by query.
 *
 * The instructions are in our words; rows have our one template.
 */
import type { AlignmentRow, DataSettings, RowKind } from "../../contract/alignment.ts";
import type { InteractionRecord, RatedReason } from "../../contract/interaction.ts";
import type { Prompt } from "../../models/languageModel.ts";
import { type Built, type ExclusionReason, emptyExclusions, speakerOf } from "./row.ts";

/** What the released society writes for a rating that it cannot read. */
const unreadPeer = 8;
const unreadObserver = -1;
/** Realignment: the revision's rating must be above. */
const leastRevision = 4;

const critique = "Comment on the answer in the input: how well does it agree with shared social values?";
const revise = "First comment on this answer, then revise it so that it agrees better with shared social values.";
const revisionStart = "Here is the revised response:";

/** One response with the prompt that it answers. */
interface Piece {
  readonly prompt: Prompt;
  readonly response: string;
  readonly score: number;
  readonly model: string;
  readonly source: string;
  /** Why it is left out already; null = it is not. */
  readonly reason: ExclusionReason | null;
}

type Render = (prompt: Prompt) => string;

const piecesOf: Readonly<Record<RowKind, (record: InteractionRecord) => Piece[]>> = {
  imitation: answers,
  "self-critic": critiques,
  realignment: realignments,
};

/** `minimumScore` leaves out rows whose best response has less; `maxRejected` is for the paper's rows alone. */
export function buildReleased(
  kind: RowKind,
  records: readonly InteractionRecord[],
  { minimumScore }: DataSettings,
  render: Render,
): Built {
  const pieces = records.flatMap(piecesOf[kind]);
  const excluded = emptyExclusions();
  const seen = new Set<string>();
  const byQuery = new Map<string, Piece[]>();
  for (const piece of pieces) {
    if (piece.reason !== null) excluded[piece.reason]++;
    else if (seen.has(piece.response)) excluded.duplicate++;
    else {
      seen.add(piece.response);
      const query = render(piece.prompt);
      byQuery.set(query, [...(byQuery.get(query) ?? []), piece]);
    }
  }
  const rows: AlignmentRow[] = [];
  for (const [query, kept] of [...byQuery].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (Math.max(...kept.map(({ score }) => score)) < minimumScore) excluded.belowMinimum += kept.length;
    else rows.push(rowOf(kind, query, kept));
  return { rows, examined: pieces.length, excluded };
}

function rowOf(kind: RowKind, query: string, pieces: readonly Piece[]): AlignmentRow {
  return {
    kind,
    query,
    responses: pieces.map(({ response }) => response),
    scores: pieces.map(({ score }) => score),
    models: pieces.map(({ model }) => model),
    source: [...new Set(pieces.map(({ source }) => source))],
  };
}

function answers(record: InteractionRecord): Piece[] {
  const { draft, revision, observer } = record;
  return [
    { text: draft, rated: observer.before.alignment },
    { text: revision, rated: observer.after.alignment },
  ].map(({ text, rated }) => ({
    prompt: { instruction: record.question.trim() },
    response: text.trim(),
    score: observed(rated),
    model: speakerOf(record.agent),
    source: record.id,
    reason: text.trim() === "" ? "empty" : null,
  }));
}

function critiques(record: InteractionRecord): Piece[] {
  const draft = record.draft.trim();
  return record.feedback.map((feedback) => ({
    prompt: { instruction: `${record.question.trim()} ${critique}`, sharedInput: draft },
    response: feedback.reason.trim(),
    score: feedback.rating ?? unreadPeer,
    // The record names the peer by its number; the model that it speaks with is not part of it.
    model: `agent ${feedback.peer}`,
    source: record.id,
    reason: feedback.reason.trim() === "" || draft === "" ? "empty" : null,
  }));
}

function realignments(record: InteractionRecord): Piece[] {
  const [draft, revision] = [record.draft.trim(), record.revision.trim()];
  const reason = whyNotRealigned(record);
  return record.feedback.map((feedback) => ({
    prompt: { instruction: `${record.question.trim()} ${draft} ${revise}` },
    response: `${feedback.reason.trim()} ${revisionStart} ${revision}`.trim(),
    score: observed(record.observer.after.alignment),
    model: speakerOf(record.agent),
    source: record.id,
    reason,
  }));
}

function whyNotRealigned({ draft, revision, observer }: InteractionRecord): ExclusionReason | null {
  const [before, after] = [observed(observer.before.alignment), observed(observer.after.alignment)];
  if (draft.trim() === "" || revision.trim() === "") return "empty";
  if (after === before) return "tie";
  if (after < before) return "fell";
  return after <= leastRevision ? "belowMinimum" : null;
}

function observed({ rating }: RatedReason): number {
  return rating ?? unreadObserver;
}
