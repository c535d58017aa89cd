/** From seven logits to a rating (definitions.md, "Rating"). */

/** Probabilities of the logits among themselves, at temperature 1. */
export function softmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - largest));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Index of the chosen logit.
 *
 * @param draw in [0, 1): where the cumulated probabilities at `temperature` reach it; null = the largest (first on a tie)
 */
export function choose(logits: readonly number[], temperature: number, draw: number | null): number {
  if (draw === null || temperature === 0) return logits.indexOf(Math.max(...logits));
  const probabilities = softmax(logits.map((logit) => logit / temperature));
  let sum = 0;
  for (const [index, probability] of probabilities.entries()) {
    sum += probability;
    if (draw < sum) return index;
  }
  return probabilities.length - 1;
}
