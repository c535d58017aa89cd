import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chooseCandidates } from "../../../core/alignment/candidates.ts";
import { loadDataSet } from "../../../core/alignment/dataSet.ts";
import { scheduleFactor } from "../../../core/alignment/schedule.ts";
import { splitRows } from "../../../core/alignment/split.ts";
import { newTokenizeCounts, tokenizeRow } from "../../../core/alignment/tokenizeRows.ts";
import { randomStream } from "../../../core/random.ts";

const folder = mkdtempSync(join(tmpdir(), "folkmoot-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (content: string | Uint8Array) => {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, content);
  return path;
};

describe("schedule", () => {
  const cosine = { kind: "cosine", warmupShare: 0.03 } as const;
  it("rises over 3 % of the steps, peaks at 1, falls and never wastes a step on zero", () => {
    const factors = Array.from({ length: 100 }, (_, i) => scheduleFactor(i + 1, 100, cosine));
    expect(factors.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(factors.every((factor) => factor > 0 && factor <= 1)).toBe(true);
    expect(factors.slice(3)).toEqual([...factors.slice(3)].sort((a, b) => b - a));
    expect(scheduleFactor(52, 100, { kind: "cosine", warmupShare: 0.03 })).toBeCloseTo(
      0.5 * (1 + Math.cos((48 / 97) * Math.PI)),
      12,
    );
  });
  it("linear without warm-up over four steps: 1, 3/4, 1/2, 1/4; constant stays; one step is a whole one", () => {
    const linear = { kind: "linear", warmupShare: 0 } as const;
    expect([1, 2, 3, 4].map((step) => scheduleFactor(step, 4, linear))).toEqual([1, 0.75, 0.5, 0.25]);
    expect(scheduleFactor(9, 10, { kind: "constant", warmupShare: 0.1 })).toBe(1);
    expect(scheduleFactor(1, 1, cosine)).toBe(1);
    expect(scheduleFactor(3, 3, { kind: "cosine", warmupShare: 1 })).toBe(1);
  });
});

describe("candidates", () => {
  const random = () => randomStream(3, "test");
  it("paper: the first best and at most three strictly lower ones; ties of the best never", () => {
    for (let seed = 0; seed < 50; seed++) {
      const chosen = chooseCandidates(
        [2, 7, 3, 7, 1, 4, 5],
        { semantics: "paper", maxRejected: 3 },
        randomStream(seed),
      );
      expect(chosen).toContain(1);
      expect(chosen).not.toContain(3);
      expect(chosen).toHaveLength(4);
      expect(new Set(chosen).size).toBe(4);
    }
    expect(chooseCandidates([4, 4, 4], { semantics: "paper", maxRejected: 3 }, random())).toEqual([0]);
    expect(chooseCandidates([1, 2], { semantics: "paper", maxRejected: 0 }, random())).toEqual([1]);
  });
  it("reference: three in total, and the best of the row may be missing", () => {
    const draws = Array.from({ length: 60 }, (_, seed) =>
      chooseCandidates([2, 7, 3, 6, 1], { semantics: "reference", maxRejected: 9 }, randomStream(seed)),
    );
    expect(draws.every((chosen) => chosen.length === 3)).toBe(true);
    expect(draws.some((chosen) => !chosen.includes(1))).toBe(true);
    expect(draws.some((chosen) => chosen.includes(1))).toBe(true);
  });
});

describe("tokens", () => {
  const letters = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
  const tokenizer = {
    tokenize: letters,
    tokenizeContinuation: letters,
    bos: 1,
    eos: 2,
  };

  it("of a response are those of a text that follows its query: no blank is put between them", () => {
    const blank = { ...tokenizer, tokenize: (text: string) => letters(` ${text}`) };
    const tokens = tokenizeRow(row("ab", "cd"), blank, { maxLength: 10, appendEos: false }, newTokenizeCounts());
    expect(tokens?.query).toEqual(Int32Array.from([1, ...letters(" ab")]));
    expect(tokens?.responses).toEqual([Int32Array.from(letters("cd"))]);
  });

  const row = (query: string, ...responses: string[]) => ({ query, responses, scores: responses.map((_, i) => 7 - i) });
  const run = (input: ReturnType<typeof row>, maxLength: number, appendEos = true, bos: number | null = 1) => {
    const counts = newTokenizeCounts();
    const tokens = tokenizeRow(input, { ...tokenizer, bos }, { maxLength, appendEos }, counts);
    return {
      counts,
      query: tokens && [...tokens.query],
      responses: tokens?.responses.map((r) => [...r]),
      scores: tokens?.scores,
    };
  };

  it("puts BOS before the query and EOS behind every response, each by its own flag", () => {
    expect(run(row("AB", "C", "DE"), 99)).toMatchObject({
      query: [1, 65, 66],
      responses: [
        [67, 2],
        [68, 69, 2],
      ],
    });
    expect(run(row("AB", "C"), 99, false, null)).toMatchObject({ query: [65, 66], responses: [[67]] });
  });
  it("cuts a response at the maximum, and its EOS with it", () => {
    const { responses, counts, query } = run(row("AB", "C", "DEFGHIJ"), 8);
    expect(query).toEqual([1, 65, 66]);
    expect(responses).toEqual([
      [67, 2],
      [68, 69, 70, 71, 72],
    ]);
    expect(counts).toMatchObject({ responsesCut: 1, queriesCut: 0 });
  });
  it("cuts a query at its left, keeps BOS, and leaves the responses half of the room", () => {
    const long = run(row("ABCDEFGHIJ", "XY"), 8);
    expect(long.query).toEqual([1, 71, 72, 73, 74]);
    expect(long.responses).toEqual([[88, 89, 2]]);
    expect(long.counts).toMatchObject({ queriesCut: 1, responsesCut: 0 });
    const both = run(row("ABCDEFGHIJ", "KLMNOPQRST"), 8);
    expect(both.query).toHaveLength(4);
    expect(both.responses?.[0]).toHaveLength(4);
    expect(both.counts).toMatchObject({ queriesCut: 1, responsesCut: 1 });
  });
  it("drops what has nothing to teach, keeps scores beside their responses, and counts", () => {
    const some = run(row("A", "", "B", ""), 9);
    expect(some).toMatchObject({ responses: [[66, 2]], scores: [6] });
    expect(some.counts).toMatchObject({ responsesDropped: 2, rowsDropped: 0 });
    expect(run(row("A", "", ""), 9)).toMatchObject({ query: null, counts: { rowsDropped: 1 } });
  });
});

describe("data sets", () => {
  const published = [
    { query: "q1", responses: ["a", "b"], scores: [3, 5], models: ["x", "y"] },
    { query: 'brace } and "quote\\" { [', responses: ["ü\n"], scores: ["6"] },
  ];
  const own = { kind: "self-critic", query: "q", responses: ["r"], scores: [7], models: ["m"], source: ["r1-a0"] };

  it("reads a list and jsonl, ours and the published format, alike", async () => {
    const list = await loadDataSet(file(JSON.stringify([...published, own], null, 2)));
    const lines = await loadDataSet(file([...published, own].map((row) => JSON.stringify(row)).join("\n")));
    expect(list).toEqual(lines);
    expect(list.rows.map((row) => row.kind)).toEqual(["imitation", "imitation", "self-critic"]);
    expect(list.rows[1]).toMatchObject({ query: 'brace } and "quote\\" { [', responses: ["ü\n"], scores: [6] });
    expect(list.rows[2]).toEqual(own);
  });

  it("counts duplicates and scores outside the scale", async () => {
    const twice = await loadDataSet(
      file(JSON.stringify([published[0], published[0], { ...published[0], scores: [8, -1] }])),
    );
    expect(twice).toMatchObject({ duplicates: 1, outsideScale: 1 });
    expect(twice.rows).toHaveLength(3);
  });

  it("finds objects that lie across the borders of read chunks, with characters of several bytes", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      query: `frage ${i} ${"ß€😀".repeat(i % 50)}`,
      responses: ["r"],
      scores: [i % 7],
    }));
    const loaded = await loadDataSet(file(JSON.stringify(rows)));
    expect(loaded.rows.map((row) => row.query)).toEqual(rows.map((row) => row.query));
  });

  const good = JSON.stringify(published[0]);
  it.each([
    ["empty file", "", "no rows", undefined],
    ["empty list", "[]", "no rows", undefined],
    ["torn end", `[${good},${good.slice(0, 20)}`, "Row 2", undefined],
    ["missing bracket", `[${good}`, "bracket", undefined],
    ["a number", "17", "Row 1", undefined],
    ["text behind the list", `[${good}] {"query":"x"}`, "Row 2", undefined],
    ["Python's NaN", `[${good},{"query":"q","responses":["a"],"scores":[NaN]}]`, "NaN", undefined],
    ["infinite score", `[{"query":"q","responses":["a"],"scores":[1e999]}]`, "Row 1", "scores[0]"],
    ["null score", `[{"query":"q","responses":["a"],"scores":[null]}]`, "Row 1", "scores[0]"],
    ["empty score", `[{"query":"q","responses":["a"],"scores":[""]}]`, "Row 1", "scores[0]"],
    ["missing query", `[${good},{"responses":["a"],"scores":[1]}]`, "Row 2", "query"],
    ["length differs", `[{"query":"q","responses":["a","b"],"scores":[1]}]`, "same length", undefined],
    ["models differ", `[{"query":"q","responses":["a"],"scores":[1],"models":[]}]`, "same length", "models"],
    ["no responses", `[{"query":"q","responses":[],"scores":[]}]`, "Row 1", "responses"],
    [
      "unknown kind",
      `[{"kind":"gossip","query":"q","responses":["a"],"scores":[1],"models":["m"],"source":[]}]`,
      "Row 1",
      "kind",
    ],
  ])("refuses %s, naming row and field", async (_, content, message, field) => {
    const error = await loadDataSet(file(content)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "data-corrupt" });
    expect((error as Error).message).toContain(message);
    if (field !== undefined) expect((error as { details: object }).details).toMatchObject({ field });
  });

  it("refuses binary files and missing ones", async () => {
    await expect(loadDataSet(file(Uint8Array.from([0x47, 0x47, 0x55, 0x46, 0xff, 0xfe, 0])))).rejects.toMatchObject({
      code: "data-corrupt",
    });
    await expect(loadDataSet(join(folder, "nowhere.json"))).rejects.toMatchObject({ code: "data-not-found" });
  });
});

describe("evaluation split", () => {
  it("holds out whole queries by seed, about the share, and never the last one", () => {
    const queries = Array.from({ length: 200 }, (_, i) => `q${i % 120}`);
    const { training, evaluation } = splitRows(queries, 0.1, 5);
    expect([...training, ...evaluation].sort((a, b) => a - b)).toEqual([...queries.keys()]);
    expect(evaluation).toHaveLength(20);
    const trained = new Set(training.map((i) => queries[i]));
    expect(evaluation.some((i) => trained.has(queries[i]))).toBe(false);
    expect(splitRows(queries, 0.1, 5)).toEqual({ training, evaluation });
    expect(splitRows(queries, 0.1, 6).evaluation).not.toEqual(evaluation);
    expect(splitRows(["a", "a", "a"], 0.5, 1)).toEqual({ training: [0, 1, 2], evaluation: [] });
    expect(splitRows(queries, 0, 1).evaluation).toEqual([]);
  });
});
