/** Rows of a long list, fetched page by page as they come into view, the farthest forgotten first. */

/** Rows per request. */
export const pageSize = 200;
/** Pages kept; 40 × 200 rows are a few MB at most. */
const pagesKept = 40;

/** Pages that cover rows [first, last], clipped to `count` rows. */
export function pagesFor(first: number, last: number, count: number): number[] {
  if (count === 0 || last < first) return [];
  const from = Math.floor(Math.max(0, first) / pageSize);
  const to = Math.floor(Math.min(count - 1, last) / pageSize);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A cache for one query. Another query gets another cache, so that late answers cannot mix. */
export class PageCache<Row> {
  private readonly pages = new Map<number, readonly Row[]>();
  private readonly asked = new Set<number>();

  row(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** Those of `pages` that are neither here nor on their way; they count as on their way from now on. */
  ask(pages: readonly number[]): number[] {
    const missing = pages.filter((page) => !this.pages.has(page) && !this.asked.has(page));
    for (const page of missing) this.asked.add(page);
    return missing;
  }

  /** Takes a page; forgets the ones farthest from it beyond the limit. */
  put(page: number, rows: readonly Row[]): void {
    this.asked.delete(page);
    this.pages.set(page, rows);
    while (this.pages.size > pagesKept) {
      const farthest = [...this.pages.keys()].reduce((a, b) => (Math.abs(a - page) >= Math.abs(b - page) ? a : b));
      this.pages.delete(farthest);
    }
  }

  /** A page that could not be fetched may be asked for again. */
  fail(page: number): void {
    this.asked.delete(page);
  }

  /** Forgets a page that changed on the other side. */
  forget(index: number): void {
    this.pages.delete(Math.floor(index / pageSize));
  }
}
