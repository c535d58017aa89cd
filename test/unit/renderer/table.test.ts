import { describe, expect, it } from "vitest";
import { columnsThatFit, columnWidths } from "../../../renderer/components/table/columns.ts";
import { PageCache, pageSize, pagesFor } from "../../../renderer/components/table/pages.ts";
import { rowAfterKey } from "../../../renderer/components/table/rowAfterKey.ts";

const columns = [
  { id: "a", minimum: 80, grow: 0 },
  { id: "b", minimum: 100, grow: 3 },
  { id: "c", minimum: 60, grow: 1, leaves: 1 },
  { id: "d", minimum: 60, grow: 0, leaves: 2 },
];

describe("columns", () => {
  it("use the whole width to the pixel, whatever it is", () => {
    for (const total of [301, 640, 777, 1440])
      expect(columnWidths(columns, total, {}).reduce((a, b) => a + b, 0)).toBe(Math.max(300, total));
  });

  it("that may leave do so for one that wants more, and it gets that", () => {
    const text = [{ id: "text", minimum: 100, wanted: 220, grow: 1 }, ...columns];
    const shown = (total: number) => columnsThatFit(text, total).map(({ id }) => id);
    expect(shown(520)).toEqual(["text", "a", "b", "c", "d"]);
    expect(shown(519)).toEqual(["text", "a", "b", "c"]);
    expect(shown(459)).toEqual(["text", "a", "b"]);
    expect(columnWidths(columnsThatFit(text, 459), 459, {})[0]).toBeGreaterThanOrEqual(220);
    // Where even that is too much, it goes down to its minimum before the table scrolls.
    expect(columnWidths(columnsThatFit(text, 300), 300, {}).reduce((a, b) => a + b, 0)).toBe(300);
  });

  it("leave a width that was set by hand alone and share the rest", () => {
    const widths = columnWidths(columns, 1000, { b: 240 });
    expect(widths[1]).toBe(240);
    expect(widths.reduce((a, b) => a + b, 0)).toBe(1000);
  });

  it("never go below a minimum: a table that is too narrow scrolls", () => {
    expect(columnWidths(columns, 200, { b: 10 })).toEqual([80, 100, 60, 60]);
  });

  it("leave in their order when there is no room, and those that must stay stay", () => {
    expect(columnsThatFit(columns, 300).map((column) => column.id)).toEqual(["a", "b", "c", "d"]);
    expect(columnsThatFit(columns, 299).map((column) => column.id)).toEqual(["a", "b", "c"]);
    expect(columnsThatFit(columns, 10).map((column) => column.id)).toEqual(["a", "b"]);
  });
});

describe("pages", () => {
  it("ask for each page once, and again only after it failed", () => {
    const cache = new PageCache<number>();
    expect(cache.ask([0, 1])).toEqual([0, 1]);
    expect(cache.ask([0, 1, 2])).toEqual([2]);
    cache.put(0, [10, 11]);
    cache.fail(1);
    expect(cache.ask([0, 1])).toEqual([1]);
    expect(cache.row(1)).toBe(11);
    expect(cache.row(pageSize)).toBeUndefined();
  });

  it("cover what is in view and nothing beyond the end", () => {
    expect(pagesFor(0, 30, 100_000)).toEqual([0]);
    expect(pagesFor(pageSize - 1, pageSize, 100_000)).toEqual([0, 1]);
    expect(pagesFor(99_990, 100_050, 100_000)).toEqual([Math.floor(99_990 / pageSize)]);
    expect(pagesFor(0, -1, 10)).toEqual([]);
    expect(pagesFor(0, 10, 0)).toEqual([]);
  });

  it("hold a bounded number of rows while somebody scrolls through a hundred thousand", () => {
    const cache = new PageCache<number>();
    for (let page = 0; page < 500; page++)
      cache.put(
        page,
        Array.from({ length: pageSize }, (_, i) => page * pageSize + i),
      );
    const held = Array.from({ length: 500 * pageSize }, (_, index) => cache.row(index)).filter(
      (row) => row !== undefined,
    );
    expect(held.length).toBeLessThanOrEqual(40 * pageSize);
    expect(cache.row(499 * pageSize)).toBe(499 * pageSize);
  });
});

describe("keys in a table", () => {
  const key = (name: string, rest: object = {}) => ({
    key: name,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...rest,
  });
  it("walk with j, k, arrows, pages and ends, and stop at the edges", () => {
    expect(rowAfterKey(key("j"), null, 10, 5)).toBe(0);
    expect(rowAfterKey(key("j"), 9, 10, 5)).toBe(9);
    expect(rowAfterKey(key("k"), 0, 10, 5)).toBe(0);
    expect(rowAfterKey(key("PageDown"), 3, 10, 5)).toBe(8);
    expect(rowAfterKey(key("End"), 3, 100_000, 5)).toBe(99_999);
    expect(rowAfterKey(key("Home"), 3, 10, 5)).toBe(0);
  });

  it("leave commands and empty tables alone", () => {
    expect(rowAfterKey(key("k", { ctrlKey: true }), 3, 10, 5)).toBeNull();
    expect(rowAfterKey(key("x"), 3, 10, 5)).toBeNull();
    expect(rowAfterKey(key("j"), null, 0, 5)).toBeNull();
  });
});
