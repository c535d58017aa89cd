/** Results that finish in any order, written in theirs: batches of the longest finished prefix. */

export class InOrderWriter<T> {
  private readonly write: (batch: readonly T[]) => Promise<void>;
  private readonly finished = new Map<number, T>();
  private next: number;
  private writing: Promise<void> | undefined;
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
    this.writing ??= this.drain().finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async drain(): Promise<void> {
    for (;;) {
      const batch: T[] = [];
      for (let result = this.finished.get(this.next); result !== undefined; result = this.finished.get(this.next)) {
        this.finished.delete(this.next++);
        batch.push(result);
      }
      if (batch.length === 0) return;
      try {
        await this.write(batch);
      } catch (error) {
        this.broken = { error };
        throw error;
      }
    }
  }
}
