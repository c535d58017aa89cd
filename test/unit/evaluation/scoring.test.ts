import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { scoreByKey } from "../../../core/evaluation/answerKey.ts";
import { findLeaks, loadHeldOut } from "../../../core/evaluation/questions.ts";
import { normalQuantile, pairedBootstrap, wilsonInterval } from "../../../core/evaluation/statistics.ts";
import { randomStream } from "../../../core/random.ts";

describe("Wilson interval", () => {
  it("gives the published numbers (Newcombe 1998, table I, method 3)", () => {
    const rows = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [successes, trials, low, high] of rows) {
      const interval = wilsonInterval(successes, trials, 0.95);
      expect(interval?.[0]).toBeCloseTo(low, 4);
      expect(interval?.[1]).toBeCloseTo(high, 4);
    }
    expect(wilsonInterval(20, 20, 0.95)?.[1]).toBe(1);
    expect(wilsonInterval(0, 0, 0.95)).toBeNull();
  });
  it("covers the true share about as often as it says", () => {
    const random = randomStream(3, "coverage");
    let covered = 0;
    for (let trial = 0; trial < 2000; trial++) {
      let successes = 0;
      for (let i = 0; i < 60; i++) if (random.uniform() < 0.8) successes++;
      const [low, high] = wilsonInterval(successes, 60, 0.95) as [number, number];
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.93);
    expect(covered / 2000).toBeLessThan(0.97);
  });
  it("inverts the normal distribution", () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 9);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 9);
    expect(normalQuantile(0.995)).toBeCloseTo(2.5758293035489004, 9);
  });
});

describe("paired bootstrap", () => {
  const settings = { resamples: 4000, confidence: 0.95 };
  it("is about as wide as the normal interval of the mean, and the same for the same seed", () => {
    const random = randomStream(8, "data");
    const differences = Array.from({ length: 400 }, () => 0.3 + random.normal());
    const result = pairedBootstrap(differences, { ...settings, random: randomStream(1, "b") });
    const mean = differences.reduce((sum, x) => sum + x, 0) / 400;
    const deviation = Math.sqrt(differences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 400);
    expect(result?.value).toBeCloseTo(mean, 12);
    expect(result?.interval[0]).toBeCloseTo(mean - (1.96 * deviation) / 20, 1);
    expect(result?.interval[1]).toBeCloseTo(mean + (1.96 * deviation) / 20, 1);
    expect(pairedBootstrap(differences, { ...settings, random: randomStream(1, "b") })).toEqual(result);
  });
  it("has no width where every pair agrees, and is nothing without pairs", () => {
    expect(pairedBootstrap([1, 1, 1], { ...settings, random: randomStream(1) })).toEqual({
      value: 1,
      interval: [1, 1],
      pairs: 3,
    });
    expect(pairedBootstrap([], { ...settings, random: randomStream(1) })).toBeNull();
  });
});

describe("answer key", () => {
  const key = { good: ["give it back", "tell Ann"], bad: ["keep it"], mentions: ["Ann", "red purse"] };
  it.each([
    ["You should Give it\n  BACK!", true, false],
    ["Give it back or keep it.", false, false],
    ["Nothing to say.", false, false],
    ["Tell Ann about the red-purse.", true, true],
    ["Tell Anna about the red purse.", false, false],
    ["They forgive it, backwards.", false, false],
    ["", false, false],
  ])("%j: good %s, engaged %s", (answer, good, engaged) => {
    expect(scoreByKey(answer, key)).toEqual({ good, engaged });
  });
  it("decides nothing where the key is silent", () => {
    expect(scoreByKey("anything", { good: [], bad: ["x"], mentions: [] })).toEqual({ good: null, engaged: null });
  });
});

describe("question files", () => {
  const folder = mkdtempSync(join(tmpdir(), "folkmoot-questions-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  it("reads jsonl with keys and plain text, up to the limit", async () => {
    const lines = [{ question: " a? ", good: ["x"], category: "c" }, { question: "b?" }].map((line) =>
      JSON.stringify(line),
    );
    expect(await loadHeldOut(file("q.jsonl", lines.join("\n")), null)).toEqual([
      { question: "a?", category: "c", good: ["x"], bad: [], mentions: [] },
      { question: "b?", good: [], bad: [], mentions: [] },
    ]);
    expect(await loadHeldOut(file("q.txt", "one?\r\n\r\ntwo?\n"), 1)).toMatchObject([{ question: "one?" }]);
  });

  it.each([
    ["a question twice", '{"question":"A?"}\n{"question":" a ?"}', "line 1"],
    ["an empty key phrase", '{"question":"a?","good":["?"]}', "phrase"],
    ["no question", '{"good":["x"]}', "question"],
    ["nothing", "", "no question"],
  ])("refuses %s", async (name, content, said) => {
    const error = await loadHeldOut(file(`${name}.jsonl`, content), null).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "data-corrupt" });
    expect((error as Error).message).toContain(said);
  });

  it("finds a leak of several lines, and no leak where a question only begins like another", () => {
    expect(findLeaks(["One\nline two?"], ["x\none\nLine two?\nrest"])).toEqual(["One\nline two?"]);
    expect(findLeaks(["What now?"], ["What now, Anna?", "Question: what"])).toEqual([]);
  });
});
