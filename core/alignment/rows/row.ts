/** What the builders of the three kinds share. */
import type { AlignmentRow } from "../../contract/alignment.ts";
import type { AgentIdentity } from "../../contract/interaction.ts";

/** Why something that was examined is in no row. */
export const exclusionReasons = [
  /** A rating that the row needs could not be read. */
  "nullRating",
  /** The same text for the same query is there already. */
  "duplicate",
  /** Rated as high as the best (imitation), or the revision as high as the draft (realignment). */
  "tie",
  /** A text that the row needs is empty. */
  "empty",
  /** The revision was rated lower than the draft. */
  "fell",
  /** More strictly lower-rated responses than `maxRejected`. */
  "surplus",
  /** The response to be taught has less than `minimumScore`. */
  "belowMinimum",
] as const;
export type ExclusionReason = (typeof exclusionReasons)[number];
export type ExclusionCounts = Readonly<Record<ExclusionReason, number>>;

export interface Built {
  readonly rows: AlignmentRow[];
  readonly examined: number;
  readonly excluded: ExclusionCounts;
}

export function emptyExclusions(): Record<ExclusionReason, number> {
  return { nullRating: 0, duplicate: 0, tie: 0, empty: 0, fell: 0, surplus: 0, belowMinimum: 0 };
}

/** The speaker's model for `models`: hash of the GGUF, with the adapter's where there is one. */
export function speakerOf({ model, adapter }: AgentIdentity): string {
  return adapter === null ? model : `${model}+${adapter}`;
}
