/** Intervals for shares and for paired differences. */
import type { Interval, PairedDifference } from "../contract/evaluation.ts";
import type { RandomStream } from "../random.ts";

/**
 * Wilson score interval of a share (E. B. Wilson, JASA 22, 1927); null for no trials. It stays within [0, 1] and is
 * honest at 0 and n, where the normal interval has no width.
 */
export function wilsonInterval(successes: number, trials: number, confidence: number): Interval | null {
  if (trials === 0) return null;
  const z = normalQuantile((1 + confidence) / 2);
  const share = successes / trials;
  const spread = (z * z) / trials;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials))) / (1 + spread);
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === trials ? 1 : Math.min(1, centre + half)];
}

/**
 * Mean of the differences with a percentile bootstrap interval that resamples whole pairs; null without pairs.
 * @param differences aligned − base, one per question
 */
export function pairedBootstrap(
  differences: readonly number[],
  { resamples, confidence, random }: { resamples: number; confidence: number; random: RandomStream },
): PairedDifference {
  const pairs = differences.length;
  if (pairs === 0) return null;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < pairs; i++) sum += differences[random.integer(pairs)] as number;
    return sum / pairs;
  }).sort();
  const tail = (1 - confidence) / 2;
  return {
    value: differences.reduce((sum, difference) => sum + difference, 0) / pairs,
    interval: [quantile(means, tail), quantile(means, 1 - tail)],
    pairs,
  };
}

/** Linear interpolation between order statistics of a sorted sample. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** Inverse of the standard normal distribution, by bisection on `normalCdf`; absolute error below 1e-9. */
export function normalQuantile(probability: number): number {
  let [low, high] = [-40, 40];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Marsaglia's series (J. Stat. Softw. 11(4), 2004), exact to double precision for |z| < 7; beyond it is 0 or 1. */
function normalCdf(z: number): number {
  if (z < -7) return 0;
  if (z > 7) return 1;
  let [sum, term] = [z, z];
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (z * z) / i;
    sum += term;
    if (z === 0) break;
  }
  return 0.5 + sum * (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
}
