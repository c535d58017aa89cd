import { describe, expect, it } from "vitest";
import { errorText } from "../../../cli/output/errorText.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
  formatShare,
} from "../../../cli/output/format.ts";
import { ProgressWriter, progressText } from "../../../cli/output/progress.ts";
import { clip, renderPairs, renderTable, wrapText } from "../../../cli/output/table.ts";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { ProgressEvent } from "../../../core/contract/events.ts";

const progress = (done: number, over: Partial<ProgressEvent> = {}): ProgressEvent => ({
  type: "progress",
  stage: "society",
  done,
  total: 64,
  unit: "interactions",
  rate: 3.4,
  secondsLeft: 8,
  ...over,
});

describe("numbers as a person reads them", () => {
  it("keeps durations honest at the edges between units", () => {
    expect(formatDuration(9.94)).toBe("9.9 s");
    expect(formatDuration(59.7)).toBe("1 min 00 s");
    expect(formatDuration(3599.6)).toBe("1 h 00 min");
    expect(formatDuration(7265)).toBe("2 h 01 min");
    expect(formatDuration(Number.POSITIVE_INFINITY)).toBe("–");
    expect(formatDuration(null)).toBe("–");
  });

  it("groups, rounds and never prints NaN", () => {
    expect(formatCount(1234567)).toBe("1 234 567");
    expect(formatNumber(Number.NaN)).toBe("–");
    expect(formatNumber(0.000012)).toBe("1.2e-5");
    expect(formatNumber(2.1349)).toBe("2.13");
    expect(formatNumber(1234.4)).toBe("1 234");
    expect(formatRate(0.2, "questions")).toBe("12 questions/min");
    expect(formatBytes(8_283_750)).toBe("7.9 MiB");
    expect(formatShare(0.9333)).toBe("93.3 %");
  });
});

describe("tables", () => {
  it("aligns by characters, not bytes, and right-aligns numbers", () => {
    const text = renderTable(
      [{ title: "kind" }, { title: "rows", align: "right" }],
      [
        ["naïve", "5"],
        ["b", "1 200"],
      ],
    );
    expect(text.split("\n")).toEqual(["kind    rows", "─────  ─────", "naïve      5", "b      1 200"]);
  });

  it("wraps at spaces and hangs, and keeps a word that is too long", () => {
    expect(wrapText("one two three four", 9, 2)).toBe("one two\n  three\n  four");
    expect(wrapText("incomprehensibilities", 5)).toBe("incomprehensibilities");
    expect(clip("abcdef", 4)).toBe("abc…");
    expect(
      renderPairs([
        ["a", "1"],
        ["long", "2"],
      ]),
    ).toBe("a     1\nlong  2");
  });
});

describe("progress", () => {
  function screen(isTerminal: boolean) {
    const state = { text: "", time: 0 };
    const writer = new ProgressWriter({
      write: (text) => {
        state.text += text;
      },
      isTerminal,
      columns: () => 60,
      now: () => state.time,
    });
    return { state, writer };
  }

  it("says share, count, rate and time left, and fits the line", () => {
    const text = progressText(progress(32, { loss: 0.23456, tokensPerSecond: 41_676.4, note: "writing" }), 200);
    const figures = ["last step's loss 0.235", "41 676 tokens/s"];
    for (const part of ["50 %", "32/64 interactions", "3.4 interactions/s", "8.0 s left", ...figures, "writing"])
      expect(text).toContain(part);
    expect(progressText(progress(32, { note: "x".repeat(100) }), 60)).toHaveLength(60);
    expect(progressText(progress(64), 200)).not.toContain("left");
    expect(progressText(progress(5, { total: null, rate: null, secondsLeft: null }), 200)).not.toContain("%");
  });

  it("redraws one line on a terminal, at most ten times a second, and always shows the end", () => {
    const { state, writer } = screen(true);
    for (let done = 1; done <= 64; done++) {
      state.time += 0.01;
      writer.show(progress(done));
    }
    writer.finish();
    expect(state.text.split("\n")).toHaveLength(2);
    const draws = state.text.split("\r\x1b[2K").length - 1;
    expect(draws).toBeLessThanOrEqual(9);
    expect(state.text).toContain("64/64");
    for (const drawn of state.text.split("\r\x1b[2K")) expect(drawn.trimEnd().length).toBeLessThanOrEqual(59);
  });

  it("puts words above the progress line instead of into it", () => {
    const { state, writer } = screen(true);
    writer.show(progress(1));
    writer.line("Round 1 done");
    expect(state.text.split("\r\x1b[2K").slice(-2)).toEqual(["Round 1 done\n", progressText(progress(1), 59)]);
  });

  it("writes plain lines without escape codes to a file, one every few seconds, the last state included", () => {
    const { state, writer } = screen(false);
    for (let done = 1; done <= 60; done++) {
      state.time += 0.2;
      writer.show(progress(done));
    }
    writer.finish();
    expect(state.text).not.toContain("\x1b");
    const lines = state.text.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.length).toBeLessThanOrEqual(5);
    expect(lines.at(-1)).toContain("60/64");
  });

  it("closes a stage's line when the next stage begins", () => {
    const { state, writer } = screen(true);
    writer.show(progress(10));
    writer.show(progress(1, { stage: "align", unit: "steps" }));
    const [first, second] = state.text.split("\n");
    expect(first).toContain("society");
    expect(second).toContain("align");
  });
});

describe("errors", () => {
  const error = new FolkmootError("model-corrupt", {
    message: "village.gguf ends in the middle of a tensor.",
    reason: "The download was cut off.",
    action: "Fetch the file again.",
    details: { bytes: 12 },
  });

  it("say what happened, why and what to do, without a stack trace", () => {
    expect(errorText(error)).toBe(
      "Error (model-corrupt): village.gguf ends in the middle of a tensor.\n  Why:  The download was cut off.\n  Do:   Fetch the file again.",
    );
  });

  it("show the stack, the details and the causes to who asks for diagnostics", () => {
    const inner = new Error("inner fault");
    const text = errorText(new FolkmootError("internal", { message: "m", action: "a" }, { cause: inner }), true);
    expect(text).toContain("output.test.ts");
    expect(text).toContain("Caused by: Error: inner fault");
  });
});
