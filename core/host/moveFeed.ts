/** Passes the moves of a society on to whoever watches, in batches. */
import type { Move } from "../contract/moves.ts";

/** At most 30 batches a second. */
const batchMs = 34;

export class MoveFeed {
  private readonly watchers = new Set<Watcher>();

  push(move: Move): void {
    for (const watcher of this.watchers) watcher.push(move);
  }

  /** Ends every watch. */
  end(): void {
    for (const watcher of this.watchers) watcher.end();
  }

  async *watch(signal?: AbortSignal): AsyncGenerator<Move[], void, void> {
    const watcher = new Watcher();
    const end = () => watcher.end();
    this.watchers.add(watcher);
    signal?.addEventListener("abort", end);
    try {
      for (let batch = await watcher.next(); batch !== null; batch = await watcher.next()) yield batch;
    } finally {
      this.watchers.delete(watcher);
      signal?.removeEventListener("abort", end);
      watcher.end();
    }
  }
}

class Watcher {
  private moves: Move[] = [];
  private ended = false;
  private last = Number.NEGATIVE_INFINITY;
  private wake: () => void = () => {};

  push(move: Move): void {
    this.moves.push(move);
    this.wake();
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  /** The next batch; null when there is none left and there will be none. */
  async next(): Promise<Move[] | null> {
    while (this.moves.length === 0) {
      if (this.ended) return null;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const wait = this.last + batchMs - performance.now();
    if (wait > 0 && !this.ended) await new Promise((resolve) => setTimeout(resolve, wait));
    this.last = performance.now();
    return this.moves.splice(0);
  }
}
