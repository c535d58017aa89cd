/** Results that finish in any order, written in theirs: batches of the longest finished prefix. */

export class InOrderWriter<T> {
  private readonly write: (batch: readonly T[]) => Promise<void>;
  private readonly finished = new Map<number, T>();
  private next: number;
  private writing: Promise<void> = Promise.resolve();
  private active = false;
  private broken: { readonly error: unknown } | undefined;

  /** `first`: the place of the first result. `write` is never called twice at once. */
  constructor(first: number, write: (batch: readonly T[]) => Promise<void>) {
    this.next = first;
    this.write = write;
  }

  /** Hands in the result of a place. Resolves when nothing that could be written is unwritten; rejects with `write`. */
  offer(place: number, result: T): Promise<void> {
    // After a failed write nothing may follow: a later result would stand where the lost one belongs.
    if (this.broken !== undefined) return Promise.reject(this.broken.error);
    this.finished.set(place, result);
    if (!this.active) this.writing = this.drain();
    return this.writing;
  }

  private async drain(): Promise<void> {
    this.active = true;
    try {
      for (;;) {
        const batch: T[] = [];
        for (let result = this.finished.get(this.next); result !== undefined; result = this.finished.get(this.next)) {
          this.finished.delete(this.next++);
          batch.push(result);
        }
        if (batch.length === 0) return;
        await this.write(batch);
      }
    } catch (error) {
      this.broken = { error };
      throw error;
    } finally {
      // In the same step as the last look for results: one that came later would otherwise find nobody to write it.
      this.active = false;
    }
  }
}
