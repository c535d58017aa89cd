/** Speed over the recent past and the time that is left, so that a slow start or a pause long ago does not count for ever. */

export interface Speed {
  /** Units per second; null until known. */
  readonly rate: number | null;
  /** Null until known, or without a total. */
  readonly secondsLeft: number | null;
}

interface Mark {
  readonly done: number;
  readonly seconds: number;
}

const windowSeconds = 60;
/** Marks closer together than this add nothing to a rate over the window. */
const spacingSeconds = windowSeconds / 120;

export class RateMeter {
  private readonly total: number | null;
  /** Oldest first; the first is the newest that is older than the window, so that slow work has a rate as well. */
  private readonly marks: Mark[] = [];

  /** @param total units of the whole work, null = unknown */
  constructor(total: number | null) {
    this.total = total;
  }

  /**
   * Notes that `done` units were finished at `seconds` (any clock that only rises). The first mark is where it begins.
   * @returns the speed over the last minute, or since the mark before where that is longer ago
   */
  mark(done: number, seconds: number): Speed {
    const { marks } = this;
    while (marks.length > 1 && seconds - (marks[1] as Mark).seconds >= windowSeconds) marks.shift();
    const [oldest] = marks;
    const newest = marks.at(-1);
    if (newest === undefined || seconds - newest.seconds >= spacingSeconds) marks.push({ done, seconds });
    if (oldest === undefined || seconds <= oldest.seconds || done <= oldest.done)
      return { rate: null, secondsLeft: null };
    const rate = (done - oldest.done) / (seconds - oldest.seconds);
    return { rate, secondsLeft: this.total === null ? null : Math.max(0, this.total - done) / rate };
  }
}
