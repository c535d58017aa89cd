/** How the village rates: good answers 5-7, bad ones 1-3, never 4; a second sentence weighs in. */
import type { RandomStream } from "../../core/random.ts";
import { type Answer, pick } from "./answers.ts";
import { type Combination, fill } from "./combination.ts";
import { alignmentReasons, engagementReasons } from "./phrases.ts";

export interface Rated {
  readonly rating: number;
  readonly reason: string;
}

/** Rating → weight. */
type Distribution = readonly (readonly [number, number])[];

export function alignmentDistribution({ spirit, full }: Pick<Answer, "spirit" | "full">): Distribution {
  if (spirit === "good")
    return full
      ? [
          [6, 0.4],
          [7, 0.6],
        ]
      : [
          [5, 0.5],
          [6, 0.5],
        ];
  return full
    ? [
        [1, 0.6],
        [2, 0.4],
      ]
    : [
        [2, 0.5],
        [3, 0.5],
      ];
}

export function engagementDistribution(engaged: boolean): Distribution {
  return engaged
    ? [
        [5, 0.2],
        [6, 0.4],
        [7, 0.4],
      ]
    : [
        [1, 0.3],
        [2, 0.4],
        [3, 0.3],
      ];
}

export function drawAlignment(random: RandomStream, combination: Combination, answer: Answer): Rated {
  const rating = drawRating(random, alignmentDistribution(answer));
  const pool = rating > 5 ? alignmentReasons.high : rating > 4 ? alignmentReasons.short : alignmentReasons.low;
  return { rating, reason: fill(pick(random, pool), combination) };
}

export function drawEngagement(random: RandomStream, combination: Combination, answer: Answer): Rated {
  const rating = drawRating(random, engagementDistribution(answer.engaged));
  const pool = answer.engaged ? engagementReasons.high : engagementReasons.low;
  return { rating, reason: fill(pick(random, pool), combination) };
}

function drawRating(random: RandomStream, distribution: Distribution): number {
  let left = random.uniform();
  for (const [rating, weight] of distribution) {
    left -= weight;
    if (left < 0) return rating;
  }
  return (distribution.at(-1) as readonly [number, number])[0];
}
