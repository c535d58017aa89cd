/**
 * A stream of deltas for any number of faces: events are gathered into frames of at most 30 a second, frames count up,
 * the last of them are kept. A face that comes back says where it stood and gets what it missed, or a snapshot when
 * that is too long ago. A slow face never makes the others wait, and nothing is queued for it.
 */
import type { StreamPosition } from "../contract/workbench/common.ts";

/** 30 frames a second at most. */
const defaultFrameMs = 34;
/** Frames kept for faces that come back: a minute of a full stream. */
const defaultKept = 2048;

export interface Frame<Event> {
  readonly position: StreamPosition;
  /** The first event replaces everything known. */
  readonly reset: boolean;
  readonly events: Event[];
}

export interface FrameStreamOptions<Event> {
  /** Name of this life of the service. */
  readonly epoch: string;
  /** What stands after every event so far, as events. */
  readonly snapshot: () => Event[];
  /** Events of one frame with those left out that later ones make needless; default: all. */
  readonly coalesce?: (events: Event[]) => Event[];
  readonly frameMs?: number;
  readonly kept?: number;
}

export class FrameStream<Event> {
  private readonly options: FrameStreamOptions<Event>;
  private readonly frames: { seq: number; events: Event[] }[] = [];
  private seq = 0;
  private gathered: Event[] = [];
  private timer: NodeJS.Timeout | null = null;
  private flushedAt = Number.NEGATIVE_INFINITY;
  private readonly waiting = new Set<() => void>();
  private closed = false;
  private watching = 0;

  constructor(options: FrameStreamOptions<Event>) {
    this.options = options;
  }

  /** Faces that watch at the moment. */
  get watchers(): number {
    return this.watching;
  }

  push(event: Event): void {
    if (this.closed) return;
    this.gathered.push(event);
    if (this.timer !== null) return;
    const wait = this.flushedAt + (this.options.frameMs ?? defaultFrameMs) - performance.now();
    this.timer = setTimeout(() => this.flush(), Math.max(0, wait));
    this.timer.unref();
  }

  /** Ends every watch after what was pushed so far. */
  close(): void {
    this.flush();
    this.closed = true;
    this.wakeAll();
  }

  /** Frames after `since`; a reset frame first where that cannot be told. Ends with the signal or the stream. */
  async *watch(since: StreamPosition | null, signal?: AbortSignal): AsyncGenerator<Frame<Event>, void, void> {
    this.watching++;
    try {
      yield* this.framesAfter(since, signal);
    } finally {
      this.watching--;
    }
  }

  private async *framesAfter(
    since: StreamPosition | null,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Frame<Event>, void, void> {
    const { epoch, snapshot } = this.options;
    let at: number | null = since !== null && since.epoch === epoch && this.reaches(since.seq) ? since.seq : null;
    while (signal?.aborted !== true) {
      if (at === null || !this.reaches(at)) {
        // What is gathered is part of the snapshot; it must not come again in the next frame.
        this.flush();
        at = this.seq;
        yield { position: { epoch, seq: at }, reset: true, events: snapshot() };
        continue;
      }
      const next = this.frames[this.frames.length - (this.seq - at)];
      if (next !== undefined) {
        at = next.seq;
        yield { position: { epoch, seq: at }, reset: false, events: next.events };
        continue;
      }
      if (this.closed) return;
      await this.change(signal);
    }
  }

  /** Whether everything after frame `seq` is still kept. */
  private reaches(seq: number): boolean {
    return seq <= this.seq && this.seq - seq <= this.frames.length;
  }

  private flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.gathered.length === 0) return;
    const events = this.options.coalesce?.(this.gathered) ?? this.gathered;
    this.gathered = [];
    this.seq++;
    this.frames.push({ seq: this.seq, events });
    if (this.frames.length > (this.options.kept ?? defaultKept)) this.frames.shift();
    this.flushedAt = performance.now();
    this.wakeAll();
  }

  private wakeAll(): void {
    for (const wake of [...this.waiting]) wake();
  }

  private change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.waiting.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.waiting.add(wake);
      signal?.addEventListener("abort", wake);
    });
  }
}

/**
 * Leaves out events that a later one of the same name replaces; those without a name (null) all stay. Pure.
 */
export function keepLast<Event>(events: readonly Event[], nameOf: (event: Event) => string | null): Event[] {
  const seen = new Set<string>();
  const kept: Event[] = [];
  for (const event of events.toReversed()) {
    const name = nameOf(event);
    if (name !== null) {
      if (seen.has(name)) continue;
      seen.add(name);
    }
    kept.push(event);
  }
  return kept.reverse();
}
