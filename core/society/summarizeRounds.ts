/** What a round came to: the points of the Pareto path (paper figure 3) and how often memory and ratings worked. */
import type { InteractionRecord, RatedReason } from "../contract/interaction.ts";

export interface RoundSummary {
  readonly round: number;
  readonly interactions: number;
  /** Mean observer ratings of the drafts, 1-7; null when none could be read. */
  readonly draftAlignment: number | null;
  readonly draftEngagement: number | null;
  /** Mean observer ratings of the revisions, 1-7: the point on the Pareto path. */
  readonly alignment: number | null;
  readonly engagement: number | null;
  /** Share of drafts for which a memory was recalled, 0-1. */
  readonly recallShare: number;
  /** Ratings, by observers and peers, that could not be read. */
  readonly unparsedRatings: number;
}

/** One summary per round, ascending. Takes records in any order, one at a time. */
export class RoundTally {
  private readonly rounds = new Map<number, Sums>();

  add(record: InteractionRecord): void {
    const sums = this.rounds.get(record.round) ?? new Sums();
    sums.add(record);
    this.rounds.set(record.round, sums);
  }

  round(round: number): RoundSummary {
    return (this.rounds.get(round) ?? new Sums()).summary(round);
  }

  summaries(): RoundSummary[] {
    return [...this.rounds.keys()].sort((a, b) => a - b).map((round) => this.round(round));
  }
}

export function summarizeRounds(records: Iterable<InteractionRecord>): RoundSummary[] {
  const tally = new RoundTally();
  for (const record of records) tally.add(record);
  return tally.summaries();
}

class Mean {
  private sum = 0;
  private count = 0;

  add({ rating }: RatedReason): void {
    if (rating === null) return;
    this.sum += rating;
    this.count++;
  }

  get value(): number | null {
    return this.count === 0 ? null : this.sum / this.count;
  }
}

class Sums {
  private interactions = 0;
  private recalled = 0;
  private unparsed = 0;
  private readonly draftAlignment = new Mean();
  private readonly draftEngagement = new Mean();
  private readonly alignment = new Mean();
  private readonly engagement = new Mean();

  add({ observer: { before, after }, feedback, interim, recalled }: InteractionRecord): void {
    this.interactions++;
    if (recalled !== null) this.recalled++;
    this.draftAlignment.add(before.alignment);
    this.draftEngagement.add(before.engagement);
    this.alignment.add(after.alignment);
    this.engagement.add(after.engagement);
    const ratings = [before.alignment, before.engagement, after.alignment, after.engagement, ...feedback];
    ratings.push(...(interim ?? []).flatMap((step) => step.feedback));
    this.unparsed += ratings.filter(({ rating }) => rating === null).length;
  }

  summary(round: number): RoundSummary {
    return {
      round,
      interactions: this.interactions,
      draftAlignment: this.draftAlignment.value,
      draftEngagement: this.draftEngagement.value,
      alignment: this.alignment.value,
      engagement: this.engagement.value,
      recallShare: this.interactions === 0 ? 0 : this.recalled / this.interactions,
      unparsedRatings: this.unparsed,
    };
  }
}
