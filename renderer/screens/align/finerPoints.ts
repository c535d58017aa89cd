/** Points of the part of a long run that is looked at, where all of them would not fit: asked for when the view rests. */
import type { XRange } from "../../charts/clampView.ts";

/** Points asked for per curve and part: two for every pixel of a wide plot, and little enough to read within a frame. */
export const finerPoints = 3000;

/** Milliseconds without a move after which the view rests. */
const rest = 160;

/** How the view is drawn: from the thinned points of the whole run, from finer ones, or from every step. */
export type Fineness = "thinned" | "finer" | "every";

export interface Part {
  readonly range: XRange;
  /** Width of the view that it was fetched for. */
  readonly width: number;
  /** Every step of the range is there. */
  readonly every: boolean;
}

export interface Thinned {
  /** Steps that were thinned; later ones are all there. */
  readonly steps: number;
  /** Points that they became, per curve. */
  readonly points: number;
}

/**
 * The part to fetch for `view`: with half a width of air on either side, so that small moves need no other. Null when
 * what there is will do.
 */
export function partFor(view: XRange, thinned: Thinned, known: Part | null): XRange | null {
  const width = view.to - view.from;
  const first = Math.max(1, Math.floor(view.from));
  const last = Math.min(thinned.steps, Math.ceil(view.to));
  if (first >= last) return null;
  const covered = known !== null && known.range.from <= first && known.range.to >= last;
  if (covered && (known.every || width > known.width / 2)) return null;
  const air = Math.ceil(width / 2);
  const range = { from: Math.max(1, first - air), to: Math.min(thinned.steps, last + air) };
  // Two points for each bucket: what comes must be clearly finer than what there is.
  const bucket = (2 * (range.to - range.from + 1)) / finerPoints;
  return bucket < (2 * thinned.steps) / thinned.points / 1.5 ? range : null;
}

export interface FinerSource {
  /** Fetches a part and takes it over; resolves to whether every step of it is there. */
  fetch(range: XRange, signal: AbortSignal): Promise<boolean>;
  /** Lets the part go. */
  forget(): void;
  /** Null while every step is there anyway. */
  thinned(): Thinned | null;
  /** Called when what is drawn became finer or coarser. */
  changed(): void;
}

export class FinerPoints {
  private readonly source: FinerSource;
  private part: Part | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private asking = new AbortController();

  constructor(source: FinerSource) {
    this.source = source;
  }

  /** The view moved; null = the whole run is shown. */
  look(view: XRange | null): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.asking.abort();
    this.timer = setTimeout(() => this.settle(view), rest);
  }

  /** Of what `view` is drawn from. */
  fineness(view: XRange | null): Fineness {
    const { part } = this;
    const thinned = this.source.thinned();
    if (thinned === null) return "every";
    if (view === null || part === null) return "thinned";
    const last = Math.min(view.to, thinned.steps);
    if (Math.max(1, view.from) < part.range.from || last > part.range.to) return "thinned";
    return part.every ? "every" : "finer";
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.asking.abort();
  }

  private settle(view: XRange | null): void {
    this.timer = null;
    const thinned = this.source.thinned();
    if (thinned === null) return;
    if (view === null) {
      this.part = null;
      this.source.forget();
      this.source.changed();
      return;
    }
    const range = partFor(view, thinned, this.part);
    if (range === null) {
      this.source.changed();
      return;
    }
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.source.fetch(range, signal).then(
      (every) => {
        if (signal.aborted) return;
        this.part = { range, width: view.to - view.from, every };
        this.source.changed();
      },
      // The thinned points stay; the next move asks again.
      () => undefined,
    );
  }
}
