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

  it("refuses semantics that it does not have and an empty mixture", () => {
    const none = { mixture: { imitation: 0, "self-critic": 0, realignment: 0 } };
    for (const over of [{ semantics: "reference" } as const, none])
      expect(() => build(many, over)).toThrowError(expect.objectContaining({ code: "bad-setting" }));
  });
});
