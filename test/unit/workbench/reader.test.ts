import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dataSettings } from "../../../core/contract/alignment.ts";
import { type EvaluationLine, evaluationConfig } from "../../../core/contract/evaluation.ts";
import { summarizeEvaluation } from "../../../core/evaluation/summarize.ts";
import { randomStream } from "../../../core/random.ts";
import { Builder } from "../../../core/workbench/reader/buildFromRuns.ts";
import { curvesOf, extremes, MetricsFiles } from "../../../core/workbench/reader/metricsFile.ts";
import { reportHtml, reportMarkdown } from "../../../core/workbench/reader/report.ts";
import { outcomeOf } from "../../../core/workbench/reader/results.ts";
import { foldAnnotations } from "../../../core/workspace/annotations.ts";
import { makeInteractions, writeInteractions } from "../../support/interactions.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const line = (step: number, loss: number) =>
  `${JSON.stringify({ step, epoch: 0, loss, nll: 1, penalty: 0, margin: null, accuracy: null, gradNorm: 1, learningRate: 1, tokens: 1 })}\n`;

describe("curves", () => {
  it("keep the least and the greatest value of every stretch, and no more points than asked for", () => {
    const random = randomStream(5, "loss");
    const count = 10_000;
    const steps = Array.from({ length: count }, (_, i) => i + 1);
    const values = steps.map(() => random.normal());
    values[7777] = 1e6;
    values[3333] = Number.NaN;
    const { x, y } = extremes(steps, values, { start: 0, end: count, points: 500 });
    expect(x.length).toBeLessThanOrEqual(500);
    expect(x).toEqual([...x].sort((a, b) => a - b));
    const known = values.filter((value) => !Number.isNaN(value));
    expect(Math.max(...y.map((value) => value ?? 0))).toBe(1e6);
    expect(Math.min(...y.map((value) => value ?? 0))).toBe(Math.min(...known));
    for (const [i, step] of x.entries()) expect(y[i]).toBe(values[step - 1]);
    const perBucket = count / 250;
    for (let bucket = 0; bucket < 250; bucket++) {
      const inside = values.slice(bucket * perBucket, (bucket + 1) * perBucket).filter((value) => !Number.isNaN(value));
      expect(y).toContain(Math.max(...inside));
      expect(y).toContain(Math.min(...inside));
    }
  });

  it("follow a file that grows, a torn line included, and start over when a resumed run was cut back", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "metrics.jsonl");
    const files = new MetricsFiles();
    const read = async () => {
      const { series, steps } = curvesOf(await files.read(folder), {
        names: ["loss", "margin"],
        from: null,
        to: null,
        points: 100,
      });
      return { steps, x: series[0]?.x, y: series[0]?.y, margins: series[1]?.y };
    };
    expect(await read()).toMatchObject({ steps: 0 });
    await writeFile(path, line(1, 5) + line(2, 4) + line(3, 3).slice(0, 30));
    expect(await read()).toEqual({ steps: 2, x: [1, 2], y: [5, 4], margins: [] });
    await appendFile(path, line(3, 3).slice(30));
    expect((await read()).y).toEqual([5, 4, 3]);
    const { writeFileAtomic } = await import("../../../core/workspace/atomicFile.ts");
    await writeFileAtomic(path, line(1, 5) + line(2, 9) + line(3, 8) + line(4, 7));
    expect((await read()).y).toEqual([5, 9, 8, 7]);
    const { series, raw } = curvesOf(await files.read(folder), { names: ["loss"], from: 2, to: 3, points: 100 });
    expect([series[0]?.x, series[0]?.y, raw]).toEqual([[2, 3], [9, 8], true]);
  });
});

describe("data from annotated runs", () => {
  it("leave out what was excluded, rate as corrected, and teach rewritten answers as the best", async () => {
    const folder = await temporaryFolder();
    const records = [...makeInteractions({ run: "one", seed: 2, agents: 8, rounds: 4 })];
    await writeInteractions(folder, records);
    const before = JSON.stringify(records);
    const build = (states: Parameters<Builder["build"]>[0][number]["states"]) =>
      new Builder().build(
        [{ run: "one", directory: folder, states }],
        dataSettings.parse({ mixture: { imitation: 1, "self-critic": 99, realignment: 99 } }),
      );
    const plain = await build([]);
    const chosen = records.find(
      ({ feedback, observer: { before: draft, after }, draft: text, revision }) =>
        feedback.length > 0 && draft.alignment.rating === 5 && (after.alignment.rating ?? 0) > 1 && text !== revision,
    );
    const id = chosen?.id ?? "";
    const excluded = await build([[id, foldAnnotations([{ kind: "exclude", excluded: true }])]]);
    expect(excluded.counts).toMatchObject({ interactions: records.length, excludedByHand: 1 });
    expect(excluded.rows.some(({ source }) => source.includes(id))).toBe(false);
    expect(plain.rows.some(({ source }) => source.includes(id))).toBe(true);

    const corrected = await build([[id, foldAnnotations([{ kind: "rating", which: "before", rating: 1 }])]]);
    expect(corrected.counts.corrections).toBe(1);
    const realigned = corrected.rows.find((row) => row.kind === "realignment" && row.source.includes(id));
    expect(realigned?.scores[1]).toBe(1);

    const answer = "I will bring it back today and say sorry.";
    const rewritten = await build([[id, foldAnnotations([{ kind: "answer", text: answer }])]]);
    const imitation = rewritten.rows.find((row) => row.kind === "imitation" && row.responses.includes(answer));
    expect(imitation?.scores[imitation.responses.indexOf(answer)]).toBe(7);
    const realignment = rewritten.rows.find((row) => row.kind === "realignment" && row.responses[0] === answer);
    expect(realignment?.responses[1]).toBe(chosen?.draft.trim());
    expect(JSON.stringify(records)).toBe(before);
  });
});

describe("reports", () => {
  const answer = (text: string, good: boolean) => ({
    answer: text,
    promptTokens: 1,
    completionTokens: 1,
    good,
    engaged: null,
    judged: null,
  });
  const lines: EvaluationLine[] = [
    {
      index: 0,
      question: "<b>Is it?</b>",
      category: "a|b",
      seed: 1,
      base: answer("no <script>alert(1)</script>", false),
      aligned: answer("yes | *now*", true),
    },
    { index: 1, question: "Same?", category: null, seed: 2, base: answer("x", true), aligned: answer("x", true) },
  ];

  it("say who is better, and carry a model's words as text, never as markup", () => {
    expect(lines.map(outcomeOf)).toEqual(["win", "tie"]);
    const config = evaluationConfig.parse({
      model: "/m.gguf",
      questions: "/q.jsonl",
      adapter: "/a.gguf",
      resamples: 100,
    });
    const report = { name: "Try", config, lines, summary: summarizeEvaluation(lines, config) };
    const html = reportHtml(report);
    expect(html).not.toContain("<script>");
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toMatch(/(?:src|href)=/);
    const markdown = reportMarkdown(report);
    expect(markdown).not.toMatch(/^.*<script>/m);
    expect(markdown).toContain("50.0 %");
    expect(markdown).toContain("100.0 %");
  });
});
