import { describe, expect, it } from "vitest";
import { buildData } from "../../../core/alignment/buildData.ts";
import { alignmentRow, type DataSettings, dataSettings } from "../../../core/contract/alignment.ts";
import type { InteractionRecord, RatedReason } from "../../../core/contract/interaction.ts";
import type { Prompt } from "../../../core/models/languageModel.ts";

const render = ({ instruction, sharedInput, ownInput, responseStart }: Prompt) =>
  [`I:${instruction}`, sharedInput && `S:${sharedInput}`, ownInput && `O:${ownInput}`, `R:${responseStart ?? ""}`]
    .filter((part) => part)
    .join("\n");

const rated = (rating: number | null, reason = "why"): RatedReason => ({
  rating,
  probabilities: null,
  expected: null,
  reason,
});

interface Sketch {
  question?: string;
  draft?: string;
  revision?: string;
  before?: number | null;
  after?: number | null;
  feedback?: [number | null, string][];
}

function interaction(id: string, sketch: Sketch = {}): InteractionRecord {
  const scores = (rating: number | null) => ({ alignment: rated(rating), engagement: rated(4) });
  return {
    id,
    run: "run",
    round: 1,
    agent: { id: 0, row: 0, column: 0, label: "good", model: "hash", adapter: null },
    question: sketch.question ?? `question ${id}`,
    recalled: null,
    draft: sketch.draft ?? `draft ${id}`,
    observer: {
      before: scores(sketch.before === undefined ? 2 : sketch.before),
      after: scores(sketch.after === undefined ? 6 : sketch.after),
    },
    feedback: (sketch.feedback ?? []).map(([rating, reason], peer) => ({
      ...rated(rating, reason),
      peer,
      recalled: null,
    })),
    revision: sketch.revision ?? `revision ${id}`,
    calls: [],
  };
}

const build = (records: InteractionRecord[], over: Partial<DataSettings> = {}) =>
  buildData(records, { ...dataSettings.parse({}), ...over }, render);
const everything = { mixture: { imitation: 1, "self-critic": 99, realignment: 99 } };

describe("imitation", () => {
  it("takes all drafts and revisions of a question: the best and at most three strictly lower", () => {
    const records = [
      interaction("a", { question: "Q ", draft: "d1", before: 1, revision: "best", after: 7 }),
      interaction("b", { question: "Q", draft: "d2", before: 7, revision: "d3", after: 3 }),
      interaction("c", { question: " Q", draft: "d4", before: 4, revision: "d5", after: 5 }),
    ];
    const { rows, counts } = build(records, { mixture: { imitation: 1, "self-critic": 0, realignment: 0 } });
    expect(rows).toHaveLength(1);
    const row = alignmentRow.parse(rows[0]);
    expect(row.query).toBe("I:Q\nR:");
    expect(row.responses).toHaveLength(4);
    expect(row.responses).toContain("best");
    expect(row.responses).not.toContain("d2");
    expect(counts.imitation.excluded).toMatchObject({ tie: 1, surplus: 1 });
    for (const [i, text] of row.responses.entries())
      expect(row.scores[i]).toBe({ d1: 1, best: 7, d3: 3, d4: 4, d5: 5 }[text]);
  });

  it("a question without a lower answer becomes one response to imitate", () => {
    const { rows } = build([interaction("a", { before: 5, after: 5 })]);
    expect(rows.filter((row) => row.kind === "imitation")).toMatchObject([{ responses: ["draft a"], scores: [5] }]);
  });

  it("accounts for every draft and revision that it examined", () => {
    const records = [
      interaction("a", { draft: "same", revision: "same", before: 6, after: 6 }),
      interaction("b", { draft: " ", before: 7, revision: "r" }),
      interaction("c", { before: null, after: 2 }),
      interaction("d", { before: null, after: null }),
      interaction("e", { before: 1, after: 2 }),
    ];
    const { rows, counts } = build(records, { minimumScore: 3 });
    const kept = rows.filter((row) => row.kind === "imitation").flatMap((row) => row.responses);
    const excluded = Object.values(counts.imitation.excluded).reduce((sum, n) => sum + n, 0);
    expect(excluded + kept.length).toBe(10);
    expect(counts.imitation.examined).toBe(10);
    expect(counts.imitation.excluded).toMatchObject({ nullRating: 3, duplicate: 1, empty: 1, belowMinimum: 3 });
    expect(kept).toEqual(["same", "r"]);
  });
});

describe("self-critic", () => {
  it("teaches the feedback in the society's own form, and never an unread rating or an empty reason", () => {
    const records = [
      interaction("a", {
        before: 2,
        feedback: [
          [6, "kind"],
          [3, "hides the truth"],
          [null, "unread"],
          [2, "  "],
          [3, "hides the truth"],
        ],
      }),
      interaction("b", { before: null, feedback: [[5, "no observer"]] }),
    ];
    const { rows, counts } = build(records, everything);
    const critics = rows.filter((row) => row.kind === "self-critic");
    expect(critics.map((row) => row.responses)).toEqual([
      ["Rating: 6 ### Reason: kind"],
      ["Rating: 3 ### Reason: hides the truth"],
    ]);
    // closeness to the observer's 2, so that a lenient critic is not the best
    expect(critics.map((row) => row.scores)).toEqual([[3], [6]]);
    expect(critics[0]?.query).toContain("S:Question: question a\nAnswer: draft a\nR:");
    expect(critics[0]?.query.endsWith("R:")).toBe(true);
    expect(counts["self-critic"]).toMatchObject({ examined: 6, rows: 2 });
    expect(counts["self-critic"].excluded).toMatchObject({ nullRating: 2, empty: 1, duplicate: 1 });
  });
});

describe("realignment", () => {
  it("sets the revision against the draft only where the observer's score rose", () => {
    const records = [
      interaction("a", {
        before: 2,
        after: 6,
        feedback: [
          [5, "fine"],
          [null, "unread"],
          [2, "unfair"],
        ],
      }),
      interaction("b", { before: 4, after: 4 }),
      interaction("c", { before: 5, after: 3 }),
      interaction("d", { before: null, after: 7 }),
      interaction("e", { before: 1, after: null }),
      interaction("f", { draft: "x", revision: "x " }),
      interaction("g", { revision: "" }),
    ];
    const { rows, counts } = build(records, everything);
    const realigned = rows.filter((row) => row.kind === "realignment");
    expect(realigned).toHaveLength(1);
    expect(realigned[0]).toMatchObject({ responses: ["revision a", "draft a"], scores: [6, 2], source: ["a"] });
    expect(realigned[0]?.query).toContain("Average rating: 3.5\nFeedback: fine\nFeedback: unfair\nR:");
    expect(realigned[0]?.query).not.toContain("unread");
    expect(counts.realignment).toMatchObject({ examined: 7, rows: 1 });
    expect(counts.realignment.excluded).toMatchObject({ tie: 1, fell: 1, nullRating: 2, duplicate: 1, empty: 1 });
  });
});

describe("mixture and choice", () => {
  const many = Array.from({ length: 50 }, (_, i) =>
    interaction(`r1-a${i}`, {
      feedback: [
        [6, `first ${i}`],
        [2, `second ${i}`],
      ],
    }),
  );

  it("thins self-critic and realignment to 5 : 1 : 1 by seed, and never imitation", () => {
    const { rows, counts } = build(many);
    expect(counts.imitation).toMatchObject({ rows: 50, kept: 50 });
    expect(counts["self-critic"]).toMatchObject({ rows: 100, kept: 10 });
    expect(counts.realignment).toMatchObject({ rows: 50, kept: 10 });
    expect(rows).toHaveLength(70);
    expect(build(many).rows).toEqual(rows);
    expect(build(many, { seed: 2 }).rows).not.toEqual(rows);
  });

  it("leaves out interactions by hand, by id or run and id", () => {
    const { rows, excludedByHand } = build(many, { exclude: ["r1-a3", "run/r1-a4", "other/r1-a5"] });
    const sources = new Set(rows.flatMap((row) => row.source));
    expect(excludedByHand).toBe(2);
    expect(sources.has("r1-a3") || sources.has("r1-a4")).toBe(false);
    expect(sources.has("r1-a5")).toBe(true);
  });

  it("refuses an empty mixture", () => {
    const none = { mixture: { imitation: 0, "self-critic": 0, realignment: 0 } };
    expect(() => build(many, none)).toThrowError(expect.objectContaining({ code: "bad-setting" }));
  });
});

describe("reference: as the released code builds it", () => {
  const released = (records: InteractionRecord[], over: Partial<DataSettings> = {}) =>
    build(records, { semantics: "reference", mixture: { imitation: 1, "self-critic": 99, realignment: 99 }, ...over });
  const ofKind = (kind: string, { rows }: ReturnType<typeof build>) => rows.filter((row) => row.kind === kind);

  it("imitation keeps every answer to a question; the trainer draws its candidates", () => {
    const records = [1, 2, 3].map((i) => interaction(`${i}`, { question: "Q", before: i, after: 7 }));
    const [row, ...more] = ofKind("imitation", released(records));
    expect(more).toEqual([]);
    expect(row?.responses).toHaveLength(6);
    expect(row?.scores).toEqual([1, 7, 2, 7, 3, 7]);
    expect(row?.source).toEqual(["1", "2", "3"]);
  });

  it("D8: realignment is the draft as instruction, and per feedback the reason with the revision after it", () => {
    const record = interaction("a", {
      question: "May I?",
      draft: "no",
      revision: "yes",
      feedback: [
        [5, "rude"],
        [2, "unkind"],
      ],
    });
    const [row, ...more] = ofKind("realignment", released([record]));
    expect(more).toEqual([]);
    expect(row?.query).toMatch(/^I:May I\? no .*revise it/);
    expect(row?.query).not.toContain("S:");
    expect(row?.responses).toEqual([
      "rude Here is the revised response: yes",
      "unkind Here is the revised response: yes",
    ]);
    expect(row?.scores).toEqual([6, 6]);
  });

  it("D9: a critique's score is the rating that its peer gave, so the most lenient critic is the best", () => {
    const record = interaction("a", {
      before: 1,
      feedback: [
        [7, "lovely"],
        [1, "harmful"],
      ],
    });
    const [row] = ofKind("self-critic", released([record]));
    expect(row).toMatchObject({ responses: ["lovely", "harmful"], scores: [7, 1], models: ["agent 0", "agent 1"] });
    expect(row?.query).toContain("S:draft a");
  });

  it("D10: realignment only where the rating rose to more than 4", () => {
    const feedback: [number, string][] = [[3, "why"]];
    const cases: [number, number][] = [
      [2, 5],
      [2, 4],
      [6, 6],
      [7, 5],
    ];
    const records = cases.map(([before, after], i) => interaction(`${i}`, { before, after, feedback }));
    const built = released(records);
    expect(ofKind("realignment", built).flatMap((row) => row.source)).toEqual(["0"]);
    expect(built.counts.realignment).toMatchObject({ examined: 4, rows: 1 });
    expect(built.counts.realignment.excluded).toMatchObject({ belowMinimum: 1, tie: 1, fell: 1 });
  });

  it("D11: self-critic's share is of imitation, realignment's of itself, both rounded down", () => {
    const records = Array.from({ length: 24 }, (_, i) => interaction(`${i}`, { feedback: [[3, `why ${i}`]] }));
    const { counts } = released(records, { mixture: { imitation: 5, "self-critic": 1, realignment: 1 } });
    expect(counts.imitation.kept).toBe(24);
    expect(counts["self-critic"].kept).toBe(4);
    expect(counts.realignment.kept).toBe(4);
    const few = [...records, ...Array.from({ length: 26 }, (_, i) => interaction(`x${i}`))];
    const more = released(few, { mixture: { imitation: 5, "self-critic": 1, realignment: 1 } }).counts;
    expect([more["self-critic"].kept, more.realignment.kept]).toEqual([10, 4]);
  });

  it("D12: ratings that could not be read count, a peer's as 8, the observer's as -1", () => {
    const record = interaction("a", { before: null, after: 5, feedback: [[null, "garbled"]] });
    const built = released([record, interaction("b", { before: 3, after: null })]);
    expect(ofKind("self-critic", built)).toMatchObject([{ responses: ["garbled"], scores: [8] }]);
    expect(ofKind("imitation", built).map(({ scores }) => scores)).toEqual([
      [-1, 5],
      [3, -1],
    ]);
    expect(ofKind("realignment", built)).toHaveLength(1);
  });

  it("D13: a text is kept once, even where another question got it as well", () => {
    const same = { draft: "It is mine.", revision: "Sorry." };
    const built = released([interaction("b", same), interaction("a", same), interaction("c")]);
    expect(ofKind("imitation", built).map(({ source }) => source)).toEqual([["b"], ["c"]]);
    expect(built.counts.imitation.excluded.duplicate).toBe(2);
  });

  it("leaves out rows of which even the best has less than the least score, and accounts for every piece", () => {
    const feedback: [number | null, string][] = [
      [3, "why"],
      [2, ""],
    ];
    const records = [interaction("a", { feedback }), interaction("b", { before: 1, after: 2, feedback })];
    const built = released(records, { minimumScore: 5 });
    expect(ofKind("imitation", built).map(({ source }) => source)).toEqual([["a"]]);
    for (const kind of ["imitation", "self-critic", "realignment"] as const) {
      const { examined, excluded } = built.counts[kind];
      const kept = ofKind(kind, built).flatMap(({ responses }) => responses).length;
      expect(kept + Object.values(excluded).reduce((sum, n) => sum + n, 0)).toBe(examined);
    }
  });
});
