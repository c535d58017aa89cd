/** Results that finish in any order, appended in theirs, so that a kill leaves a whole prefix. */

export class OrderedAppend<T> {
  private readonly append: (batch: readonly T[]) => Promise<void>;
  private readonly waiting = new Map<number, T>();
  private next: number;
  private queue: Promise<void> = Promise.resolve();

  /** @param first place of the first result */
  constructor(first: number, append: (batch: readonly T[]) => Promise<void>) {
    this.next = first;
    this.append = append;
  }

  /** Resolves when everything that could be appended with this result is; rejects with the first failed append. */
  offer(place: number, result: T): Promise<void> {
    this.waiting.set(place, result);
    this.queue = this.queue.then(() => this.appendReady());
    return this.queue;
  }

  private async appendReady(): Promise<void> {
    const batch: T[] = [];
    for (let result = this.waiting.get(this.next); result !== undefined; result = this.waiting.get(this.next)) {
      this.waiting.delete(this.next++);
      batch.push(result);
    }
    if (batch.length > 0) await this.append(batch);
  }
}
