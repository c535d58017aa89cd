import { describe, expect, it } from "vitest";
import { wordDiff } from "../../../renderer/components/diff/wordDiff.ts";
import { numberText } from "../../../renderer/components/numberText.ts";
import {
  formatBytes,
  formatDecimal,
  formatParameters,
  formatShare,
  formatSignificant,
} from "../../../renderer/format/numbers.ts";
import { distinctNames, fileName, folderName } from "../../../renderer/format/paths.ts";
import { formatDuration, formatRate, formatTimeLeft } from "../../../renderer/format/time.ts";
import { match, rank } from "../../../renderer/palette/match.ts";

describe("word diff", () => {
  const before = "You could talk about it first and see what happens next week.";
  const after = "You could talk about it first, calmly, and see what happens next week.";

  it("gives back both texts whole", () => {
    const pieces = wordDiff(before, after)?.pieces ?? [];
    const side = (kind: "removed" | "added") =>
      pieces
        .filter((piece) => piece.kind === "kept" || piece.kind === kind)
        .map((piece) => piece.text)
        .join("");
    expect(side("removed")).toBe(before);
    expect(side("added")).toBe(after);
  });

  it("joins islands of one or two kept words into the change around them, and keeps longer ones", () => {
    const diff = wordDiff("one two the four five six seven eight", "ONE TWO the FOUR five six seven EIGHT");
    expect(diff?.pieces.filter((piece) => piece.kind === "kept").map((piece) => piece.text.trim())).toEqual([
      "five six seven",
    ]);
  });

  it("says how much was kept, so that a rewrite can be shown side by side", () => {
    expect(wordDiff(before, before)?.keptShare).toBe(1);
    expect(wordDiff(before, after)?.keptShare).toBeGreaterThan(0.8);
    expect(wordDiff("Keep it, nobody will know.", "Give this back to whom it belongs.")?.keptShare).toBeLessThan(0.4);
  });

  it("shows texts as texts, whatever a model wrote", () => {
    const hostile = "<img src=x onerror=alert(1)> & <b>bold</b>";
    const pieces = wordDiff("", hostile)?.pieces ?? [];
    expect(pieces).toEqual([{ kind: "added", text: hostile }]);
  });
});

describe("numbers", () => {
  it("say that a value is unknown instead of 0", () => {
    for (const format of [formatBytes, formatShare, formatSignificant, formatParameters])
      expect(format(null)).toBe("–");
    expect(formatDecimal(undefined)).toBe("–");
  });

  it("write losses and rates readably at every size", () => {
    expect([2.13456, 0.00001234, 123456, -0.5, 0].map(formatSignificant)).toEqual([
      "2.135",
      "1.23e−5",
      "1.23e5",
      "−0.5",
      "0",
    ]);
    expect(formatSignificant(Number.POSITIVE_INFINITY)).toBe("∞");
  });

  it("write a learning rate as the form does that set it", () => {
    for (const rate of [1e-4, 5e-5, 2.5e-4, 0.001, 0.02, -3e-4]) expect(formatSignificant(rate)).toBe(numberText(rate));
    expect(formatSignificant(1e-4)).toBe("1e−4");
  });

  it("never show a small share as nothing, nor minus zero", () => {
    expect([0.004, 0.0951, 0.42, 1, 0].map(formatShare)).toEqual(["0.4 %", "9.5 %", "42 %", "100 %", "0 %"]);
    expect([0.994, 0.9951, 0.99999].map(formatShare), "less than all").toEqual(["99 %", "99.5 %", "99.9 %"]);
    expect(formatDecimal(-0.001, 2, true)).toBe("0.00");
    expect(formatDecimal(1.5, 1, true)).toBe("+1.5");
  });

  it("count memory in binary and weights as their makers do", () => {
    expect([0, 1023, 1024, 1.5 * 2 ** 30].map(formatBytes)).toEqual(["0 B", "1023 B", "1.0 KiB", "1.5 GiB"]);
    expect([596e6, 7.25e9, 2.3e6].map(formatParameters)).toEqual(["596M", "7.3B", "2.3M"]);
  });
});

describe("times", () => {
  it("are told in two units at most", () => {
    expect([0.4, 41, 200, 3600, 7500, 100_800].map(formatDuration)).toEqual([
      "under 1 s",
      "41 s",
      "3 min 20 s",
      "1 h",
      "2 h 5 min",
      "1 d 4 h",
    ]);
  });

  it("left are coarse, so that the line stands still", () => {
    expect([2, 41, 44, 45, 61, 119].map(formatTimeLeft)).toEqual([
      "a few seconds",
      "45 s",
      "45 s",
      "45 s",
      "2 min",
      "2 min",
    ]);
    expect(formatTimeLeft(null)).toBe("–");
  });

  it("turn slow rates into per minute", () => {
    expect(formatRate(12.44, "steps")).toBe("12.4 steps/s");
    expect(formatRate(41_676.4, "tokens")).toBe("41,676 tokens/s");
    expect(formatRate(0.05, "interactions")).toBe("3.0 interactions/min");
    expect(formatRate(0, "steps")).toBe("–");
  });
});

describe("command palette", () => {
  it("finds a command by the starts of its words, and puts the best first", () => {
    const names = ["Go to Society", "Set up a society", "Copy diagnostics", "Appearance: Dark"];
    expect(rank("sus", names, (name) => name)[0]?.item).toBe("Set up a society");
    expect(rank("copy", names, (name) => name).map(({ item }) => item)).toEqual(["Copy diagnostics"]);
    expect(rank("", names, (name) => name).map(({ item }) => item)).toEqual(names);
    expect(match("zz", "Society")).toBeNull();
  });

  it("takes letters that mean something in patterns as letters", () => {
    expect(match(".*", "a.b*")).not.toBeNull();
    expect(match("(", "run (old)")?.letters).toEqual([4]);
  });
});

describe("paths", () => {
  it("are read on every system", () => {
    expect(["/a/b.gguf", "C:\\m\\b.gguf", "b.gguf"].map(fileName)).toEqual(["b.gguf", "b.gguf", "b.gguf"]);
    expect(folderName("/a/b/c.gguf")).toBe("/a/b");
  });

  it("stand behind names that several have, as far as it takes to tell them apart", () => {
    const models = [
      { name: "Village", path: "/m/village-f16.gguf" },
      { name: "Village", path: "/m/village-q4.gguf" },
      { name: "Qwen", path: "/m/qwen.gguf" },
      { name: "Twin", path: "/a/twin.gguf" },
      { name: "Twin", path: "/b/twin.gguf" },
    ];
    expect([...distinctNames(models).values()]).toEqual([
      "Village (village-f16.gguf)",
      "Village (village-q4.gguf)",
      "Qwen",
      "Twin (/a/twin.gguf)",
      "Twin (/b/twin.gguf)",
    ]);
  });
});
