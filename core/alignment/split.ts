/** Rows for training and rows held out for the evaluation curve. */
import { randomStream } from "../random.ts";

export interface Split {
  /** Indexes into the rows, ascending. */
  readonly training: readonly number[];
  readonly evaluation: readonly number[];
}

/**
 * Holds out about `share` of the rows by whole queries: rows with the same query stand on the same side, so the curve
 * never measures what was trained. At least one query stays for training.
 */
export function splitRows(queries: readonly string[], share: number, seed: number): Split {
  const groups = new Map<string, number[]>();
  for (const [index, query] of queries.entries()) {
    const group = groups.get(query);
    if (group === undefined) groups.set(query, [index]);
    else group.push(index);
  }
  const wanted = Math.round(share * queries.length);
  const evaluation: number[] = [];
  const shuffled = randomStream(seed, "evaluation-split").shuffle([...groups.values()]);
  for (const group of shuffled.slice(1)) {
    if (evaluation.length + group.length > wanted) continue;
    evaluation.push(...group);
  }
  evaluation.sort((a, b) => a - b);
  const held = new Set(evaluation);
  return { training: [...queries.keys()].filter((index) => !held.has(index)), evaluation };
}
