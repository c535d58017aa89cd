/**
 * A growing series of (x, y) in typed arrays, with a pyramid of minima and maxima above it, so that drawing costs the
 * pixels and not the points. x rises; y may be NaN (a gap). Appending is amortized O(1).
 */

/** Points per block of the next level. */
const fanout = 16;

interface Level {
  min: Float64Array;
  max: Float64Array;
  /** 1 where the block holds a y that is not finite. */
  broken: Uint8Array;
  length: number;
}

export interface Extent {
  readonly min: number;
  readonly max: number;
  /** True when some y in the range was not finite. */
  readonly broken: boolean;
}

export class Series {
  private xs: Float64Array;
  private ys: Float64Array;
  private count = 0;
  private readonly levels: Level[] = [];

  constructor(capacity = 1024) {
    this.xs = new Float64Array(capacity);
    this.ys = new Float64Array(capacity);
  }

  get length(): number {
    return this.count;
  }

  /** x of point `index`; NaN outside. */
  x(index: number): number {
    return index < this.count ? (this.xs[index] ?? Number.NaN) : Number.NaN;
  }

  y(index: number): number {
    return index < this.count ? (this.ys[index] ?? Number.NaN) : Number.NaN;
  }

  /** Adds a point. A point whose x does not lie after the last one is left out: replays may overlap. Returns whether it was added. */
  append(x: number, y: number): boolean {
    if (this.count > 0 && x <= this.x(this.count - 1)) return false;
    if (this.count === this.xs.length) {
      this.xs = grown(this.xs);
      this.ys = grown(this.ys);
    }
    this.xs[this.count] = x;
    this.ys[this.count] = y;
    this.count++;
    this.lift(this.count - 1, y);
    return true;
  }

  /** First index whose x is at least `x`; `length` when there is none. */
  lowerBound(x: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.x(middle) < x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the point nearest to `x`, -1 when empty. */
  nearest(x: number): number {
    if (this.count === 0) return -1;
    const right = Math.min(this.lowerBound(x), this.count - 1);
    if (right === 0) return 0;
    return x - this.x(right - 1) <= this.x(right) - x ? right - 1 : right;
  }

  /** Extent of the finite ys in [from, to), in O(log n); min = +∞ and max = −∞ when there is none. */
  extent(from: number, to: number): Extent {
    const found = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, broken: false };
    let [low, high, level] = [Math.max(0, from), Math.min(this.count, to), 0];
    // Up the pyramid: what does not fill a block of the next level is looked at here, the rest there.
    while (low < high) {
      const last = level >= this.levels.length || high - low < fanout;
      const inner = last ? high : Math.min(high, Math.ceil(low / fanout) * fanout);
      this.scan(level, low, inner, found);
      if (last) break;
      const outer = Math.max(inner, Math.floor(high / fanout) * fanout);
      this.scan(level, outer, high, found);
      low = inner / fanout;
      high = outer / fanout;
      level++;
    }
    return found;
  }

  /** How many finite ys in [from, to) lie outside [low, high]; blocks that lie inside are passed over. */
  countOutside(from: number, to: number, low: number, high: number): number {
    let outside = 0;
    const end = Math.min(this.count, to);
    const blocks = this.levels[1];
    const size = fanout * fanout;
    for (let index = Math.max(0, from); index < end; ) {
      const block = index / size;
      if (blocks !== undefined && Number.isInteger(block) && index + size <= end) {
        const min = blocks.min[block] ?? Number.NaN;
        const max = blocks.max[block] ?? Number.NaN;
        if (min >= low && max <= high) {
          index += size;
          continue;
        }
      }
      const y = this.y(index++);
      if (y < low || y > high) outside++;
    }
    return outside;
  }

  private lift(index: number, y: number): void {
    const finite = Number.isFinite(y);
    for (let level = 0, block = Math.floor(index / fanout); ; level++, block = Math.floor(block / fanout)) {
      let blocks = this.levels[level];
      if (blocks === undefined) {
        // A level is worth having only above a full block of the one below.
        if (level > 0 && (this.levels[level - 1]?.length ?? 0) <= 1) return;
        blocks = emptyLevel();
        this.levels.push(blocks);
        if (level > 0) this.fill(level);
      }
      if (block === blocks.length) push(blocks);
      if (finite) {
        if (y < (blocks.min[block] ?? 0)) blocks.min[block] = y;
        if (y > (blocks.max[block] ?? 0)) blocks.max[block] = y;
      } else blocks.broken[block] = 1;
    }
  }

  /** A new level takes over what the one below already holds. */
  private fill(level: number): void {
    const [below, blocks] = [this.levels[level - 1], this.levels[level]];
    if (below === undefined || blocks === undefined) return;
    for (let index = 0; index < below.length; index++) {
      const block = Math.floor(index / fanout);
      if (block === blocks.length) push(blocks);
      blocks.min[block] = Math.min(blocks.min[block] ?? 0, below.min[index] ?? Number.POSITIVE_INFINITY);
      blocks.max[block] = Math.max(blocks.max[block] ?? 0, below.max[index] ?? Number.NEGATIVE_INFINITY);
      if (below.broken[index] === 1) blocks.broken[block] = 1;
    }
  }

  /** Takes [from, to) of one level into `found`; level 0 is the points themselves. */
  private scan(level: number, from: number, to: number, found: { min: number; max: number; broken: boolean }): void {
    const blocks = level === 0 ? undefined : this.levels[level - 1];
    const lows = blocks === undefined ? this.ys : blocks.min;
    const highs = blocks === undefined ? this.ys : blocks.max;
    for (let index = from; index < to; index++) {
      const low = lows[index] as number;
      const high = highs[index] as number;
      if (blocks === undefined ? !Number.isFinite(low) : blocks.broken[index] === 1) found.broken = true;
      if (blocks === undefined && !Number.isFinite(low)) continue;
      if (low < found.min) found.min = low;
      if (high > found.max) found.max = high;
    }
  }
}

function emptyLevel(): Level {
  return { min: new Float64Array(16), max: new Float64Array(16), broken: new Uint8Array(16), length: 0 };
}

function push(level: Level): void {
  if (level.length === level.min.length) {
    level.min = grown(level.min);
    level.max = grown(level.max);
    const broken = new Uint8Array(level.broken.length * 2);
    broken.set(level.broken);
    level.broken = broken;
  }
  level.min[level.length] = Number.POSITIVE_INFINITY;
  level.max[level.length] = Number.NEGATIVE_INFINITY;
  level.length++;
}

function grown(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
