/** Speed over the recent past and the time that is left. */

export interface Rate {
  /** Units per second; null until known. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
}

/** Marks kept; a window long enough to be steady and short enough to follow a change of load. */
const window = 20;

export class RateMeter {
  private readonly total: number;
  private readonly marks: { done: number; seconds: number }[];

  /** @param seconds a monotonic clock's reading now */
  constructor(total: number, done: number, seconds: number) {
    this.total = total;
    this.marks = [{ done, seconds }];
  }

  mark(done: number, seconds: number): Rate {
    this.marks.push({ done, seconds });
    if (this.marks.length > window) this.marks.shift();
    const [oldest] = this.marks;
    if (oldest === undefined || seconds <= oldest.seconds || done <= oldest.done)
      return { rate: null, secondsLeft: null };
    const rate = (done - oldest.done) / (seconds - oldest.seconds);
    return { rate, secondsLeft: Math.max(0, this.total - done) / rate };
  }
}
