/** What the index keeps of an interaction. Pure. */
import type { InteractionRecord, RatedReason } from "../../contract/interaction.ts";
import type { InteractionBrief } from "../../contract/workbench/runs.ts";

/** Characters of each text in a row of the list. */
export const excerptLength = 200;

export interface InteractionColumns {
  readonly name: string;
  readonly round: number;
  readonly agent: number;
  /** 1 = good. */
  readonly good: 0 | 1;
  readonly before: number | null;
  readonly after: number | null;
  readonly gain: number | null;
  readonly engagement: number | null;
  readonly peers: number;
  readonly disagreement: number | null;
  /** Characters of the revision. */
  readonly length: number;
  readonly unchanged: 0 | 1;
  readonly recalled: 0 | 1;
  /** Ratings, by observers and peers, that could not be read. */
  readonly unparsed: number;
  readonly completionTokens: number;
}

export interface InteractionTexts {
  readonly question: string;
  readonly draft: string;
  readonly revision: string;
  readonly feedback: string;
}

export function columnsOf(record: InteractionRecord): InteractionColumns {
  const { before, after } = record.observer;
  const peerRatings = record.feedback.map(({ rating }) => rating).filter((rating) => rating !== null);
  return {
    name: record.id,
    round: record.round,
    agent: record.agent.id,
    good: record.agent.label === "good" ? 1 : 0,
    before: before.alignment.rating,
    after: after.alignment.rating,
    gain: gainOf(before.alignment, after.alignment),
    engagement: after.engagement.rating,
    peers: record.feedback.length,
    disagreement: peerRatings.length < 2 ? null : Math.max(...peerRatings) - Math.min(...peerRatings),
    length: record.revision.length,
    unchanged: record.draft.trim() === record.revision.trim() ? 1 : 0,
    recalled: record.recalled === null ? 0 : 1,
    unparsed: ratingsOf(record).filter(({ rating }) => rating === null).length,
    completionTokens: completionTokens(record),
  };
}

export function textsOf(record: InteractionRecord): InteractionTexts {
  return {
    question: record.question,
    draft: record.draft,
    revision: record.revision,
    feedback: record.feedback.map(({ reason }) => reason).join("\n"),
  };
}

/** @param seconds from the first model call to the last; 0 where nobody knows */
export function briefOf(record: InteractionRecord, seconds: number): InteractionBrief {
  const { before, after } = record.observer;
  const scores = (of: typeof before) => ({ alignment: of.alignment.rating, engagement: of.engagement.rating });
  return {
    id: record.id,
    round: record.round,
    agent: record.agent.id,
    question: record.question.slice(0, excerptLength),
    before: scores(before),
    after: scores(after),
    gain: gainOf(before.alignment, after.alignment),
    feedback: record.feedback.map(({ peer, rating }) => ({ peer, rating })),
    recalled: record.recalled !== null,
    seconds,
    completionTokens: completionTokens(record),
  };
}

function gainOf(before: RatedReason, after: RatedReason): number | null {
  return before.rating === null || after.rating === null ? null : after.rating - before.rating;
}

function ratingsOf({ observer: { before, after }, feedback, interim }: InteractionRecord): RatedReason[] {
  return [
    before.alignment,
    before.engagement,
    after.alignment,
    after.engagement,
    ...feedback,
    ...(interim ?? []).flatMap((step) => step.feedback),
  ];
}

function completionTokens({ calls }: InteractionRecord): number {
  return calls.reduce((sum, call) => sum + call.completionTokens, 0);
}
