/** What the base says of every response, computed once with the adapter off before the first step. */
import type { EmitEvent } from "../contract/events.ts";
import { RateMeter } from "../rateMeter.ts";
import { withCancel } from "./cancellation.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";
import { type ReferenceStore, rowHash } from "./referenceStore.ts";
import type { TokenizedRow } from "./tokenizeRows.ts";

export interface ReferenceParts {
  readonly trainer: Pick<NativeTrainer, "forward" | "cancel">;
  readonly store: ReferenceStore;
  /** Most tokens in one forward call. */
  readonly tokenBudget: number;
  readonly emit: EmitEvent;
  /** Seconds of a monotonic clock. */
  readonly clock: () => number;
  /** Resolves at once, or when a pause is over. */
  readonly whilePaused: () => Promise<void>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Log-probability of every response of every row, nats. A row is computed by itself: its numbers do not depend on the
 * rows beside it, so that they are the same bits wherever the row stands and whether they were cached or not.
 */
export async function referenceLogps(
  rows: readonly TokenizedRow[],
  { trainer, store, tokenBudget, emit, clock, whilePaused, signal }: ReferenceParts,
): Promise<(readonly number[])[]> {
  const hashes = rows.map(rowHash);
  const total = new Set(hashes.filter((hash) => store.get(hash) === undefined)).size;
  const meter = new RateMeter(total);
  meter.mark(0, clock());
  let done = 0;
  const result: (readonly number[])[] = [];
  try {
    for (const [index, row] of rows.entries()) {
      const hash = hashes[index] as string;
      const known = store.get(hash);
      if (known !== undefined) {
        result.push(known);
        continue;
      }
      await whilePaused();
      signal?.throwIfAborted();
      const logps = await withCancel(trainer, signal, () => scoreRow(row, trainer, tokenBudget));
      await store.add(hash, logps);
      result.push(logps);
      done++;
      const mark = meter.mark(done, clock());
      emit({ type: "progress", stage: "reference", done, total, unit: "rows", ...mark });
    }
  } finally {
    await store.flush();
  }
  return result;
}

async function scoreRow(
  { query, responses }: TokenizedRow,
  trainer: Pick<NativeTrainer, "forward">,
  tokenBudget: number,
): Promise<number[]> {
  const logps: number[] = [];
  for (const group of groupsWithin(responses, tokenBudget - query.length)) {
    const row = { query: Array.from(query), responses: group.map((tokens) => Array.from(tokens)) };
    const [scored = []] = await trainer.forward([row], { adapter: false, keep: false });
    logps.push(...scored.map((response) => response.reduce((sum, logp) => sum + logp, 0)));
  }
  return logps;
}

/** Consecutive responses whose tokens fit together; one that is larger by itself stands alone. */
export function groupsWithin<Sized extends { readonly length: number }>(
  responses: readonly Sized[],
  room: number,
): Sized[][] {
  const groups: Sized[][] = [];
  let left = 0;
  for (const response of responses) {
    const last = groups.at(-1);
    if (last !== undefined && response.length <= left) last.push(response);
    else {
      groups.push([response]);
      left = room;
    }
    left -= response.length;
  }
  return groups;
}
