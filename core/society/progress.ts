/** Rate and time left over the recent past, so that a slow start or a pause long ago does not count for ever. */

const windowSeconds = 60;

export class RateMeter {
  private readonly marks: { seconds: number; done: number }[] = [];

  /** Notes that `done` units were finished at `seconds` (any clock that only rises). */
  mark(seconds: number, done: number): void {
    this.marks.push({ seconds, done });
    while (this.marks.length > 2 && seconds - (this.marks[1]?.seconds ?? 0) >= windowSeconds) this.marks.shift();
  }

  /** Units per second over the last minute (or the last two marks); null until known. */
  get rate(): number | null {
    const [first, last] = [this.marks[0], this.marks.at(-1)];
    if (first === undefined || last === undefined || last.seconds <= first.seconds) return null;
    return (last.done - first.done) / (last.seconds - first.seconds);
  }

  secondsLeft(total: number): number | null {
    const { rate } = this;
    const done = this.marks.at(-1)?.done ?? 0;
    return rate === null || rate === 0 ? null : (total - done) / rate;
  }
}
