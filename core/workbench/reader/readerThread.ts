/** Entry of the thread that reads whole files: metrics, results, data, the interactions that data are built from. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { os, type } from "@orpc/server";
import { plannedRows } from "../../alignment/plannedRows.ts";
import type { AlignConfig, DataSettings } from "../../contract/alignment.ts";
import { FolkmootError } from "../../contract/errors.ts";
import type { EvaluationConfig } from "../../contract/evaluation.ts";
import { hasKey } from "../../evaluation/answerKey.ts";
import { loadHeldOut } from "../../evaluation/questions.ts";
import { serveThread } from "../../host/thread.ts";
import { writeFileAtomic } from "../../workspace/atomicFile.ts";
import { parseObject, readLines } from "../../workspace/journalLines.ts";
import { type AnnotatedRun, Builder } from "./buildFromRuns.ts";
import { DataSets, kindsOf, pageOfRows, type RowQuery, spread, writeRows } from "./dataSets.ts";
import { type CurveRequest, curvesOf, MetricsFiles } from "./metricsFile.ts";
import { reportHtml, reportMarkdown } from "./report.ts";
import { pageOfResults, type ResultQuery, Results } from "./results.ts";

const metrics = new MetricsFiles();
const results = new Results();
const builder = new Builder();
const dataSets = new DataSets();

type Source = { runs: readonly AnnotatedRun[]; settings: DataSettings };

const router = os.router({
  metrics: os
    .input(type<CurveRequest & { directory: string }>())
    .handler(async ({ input: { directory, ...request } }) => curvesOf(await metrics.read(directory), request)),
  evaluationCurve: os
    .input(type<{ directory: string }>())
    .handler(({ input: { directory } }) => readEvaluationCurve(directory)),
  preview: os.input(type<Source & { page: RowQuery }>()).handler(async ({ input: { runs, settings, page } }) => {
    const { rows, counts } = await builder.build(runs, settings);
    return { counts, ...pageOfRows(rows, page) };
  }),
  build: os.input(type<Source & { path: string }>()).handler(async ({ input: { runs, settings, path } }) => {
    const { rows, counts } = await builder.build(runs, settings);
    if (rows.length === 0) throw noRows(counts.interactions);
    return { ...(await writeRows(path, rows, "folkmoot")), counts, rows: rows.length, kinds: kindsOf(rows) };
  }),
  /** Reads and checks a data set of any format that training takes. */
  describe: os.input(type<{ path: string }>()).handler(async ({ input: { path } }) => {
    const { rows, duplicates, outsideScale } = await dataSets.load(path);
    return { rows: rows.length, kinds: kindsOf(rows), duplicates, outsideScale };
  }),
  /** What a run of these settings would train of it. */
  plannedRows: os
    .input(type<{ path: string; config: Pick<AlignConfig, "loss" | "evaluationShare" | "seed"> }>())
    .handler(async ({ input: { path, config } }) => {
      const { rows } = await dataSets.load(path);
      return { rows: rows.length, ...plannedRows(rows, config) };
    }),
  copyRows: os
    .input(type<{ from: string; to: string; format: "folkmoot" | "published" }>())
    .handler(async ({ input: { from, to, format } }) => writeRows(to, (await dataSets.load(from)).rows, format)),
  rows: os
    .input(type<{ path: string; page: RowQuery }>())
    .handler(async ({ input: { path, page } }) => pageOfRows((await dataSets.load(path)).rows, page)),
  /** Texts of rows spread over the set: query first, then the responses. */
  texts: os
    .input(type<{ path: string; most: number }>())
    .handler(async ({ input: { path, most } }) =>
      spread((await dataSets.load(path)).rows, most).map(({ query, responses }) => [query, ...responses]),
    ),
  results: os
    .input(type<{ directory: string; query: ResultQuery }>())
    .handler(async ({ input: { directory, query } }) => pageOfResults(await results.lines(directory), query)),
  summary: os
    .input(type<{ directory: string; config: EvaluationConfig }>())
    .handler(({ input: { directory, config } }) => results.summary(directory, config)),
  report: os
    .input(
      type<{ directory: string; config: EvaluationConfig; name: string; path: string; format: "markdown" | "html" }>(),
    )
    .handler(async ({ input: { directory, config, name, path, format } }) => {
      const summary = await results.summary(directory, config);
      if (summary === null) throw notEvaluated(name);
      const report = { name, config, summary, lines: await results.lines(directory) };
      const content = format === "markdown" ? reportMarkdown(report) : reportHtml(report);
      await writeFileAtomic(path, content);
      return { path, bytes: Buffer.byteLength(content) };
    }),
  questions: os.input(type<{ path: string }>()).handler(async ({ input: { path } }) => {
    const questions = await loadHeldOut(path, null);
    return {
      path,
      questions: questions.length,
      withKey: questions.filter((question) => hasKey(question)).length,
      categories: [...new Set(questions.flatMap(({ category }) => category ?? []))].sort(),
      sample: questions.slice(0, 5).map(({ question }) => question),
    };
  }),
});

const evaluationEvent = '{"type":"evaluation"';

/** The points in events.jsonl; of a step that was evaluated twice (a resumed run) the later one. */
async function readEvaluationCurve(directory: string) {
  const points = new Map<number, { step: number; loss: number; accuracy: number | null }>();
  const handle = await open(join(directory, "events.jsonl"), "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (handle === null) return [];
  try {
    for await (const { bytes, complete } of readLines(handle, (await handle.stat()).size)) {
      if (!complete || bytes.toString("latin1", 0, evaluationEvent.length) !== evaluationEvent) continue;
      const { step, loss, accuracy } = (parseObject(bytes) ?? {}) as Record<string, unknown>;
      if (typeof step === "number" && typeof loss === "number")
        points.set(step, { step, loss, accuracy: typeof accuracy === "number" ? accuracy : null });
    }
  } finally {
    await handle.close();
  }
  return [...points.values()].sort((a, b) => a.step - b.step);
}

function noRows(interactions: number): FolkmootError {
  return new FolkmootError("bad-input", {
    message: `No alignment rows can be built from ${interactions} interactions.`,
    reason: "Every interaction was excluded or has no readable ratings, or the society has not run yet.",
    action: "Run the society further, or exclude less.",
  });
}

function notEvaluated(name: string): FolkmootError {
  return new FolkmootError("bad-input", {
    message: `${name} has no answers yet.`,
    action: "Wait for the first answers, or resume the evaluation.",
  });
}

serveThread(router);

export type ReaderRouter = typeof router;
