/**
 * The index at 100 000 interactions: `node bench/interactionIndex.ts [--interactions 100000] [--words 60]`.
 * Prints one JSON object: seconds to build from the journals, milliseconds to open and for the first page, and the
 * slowest of many filters and sorts (best of three each, over the thread as a face asks).
 */
import { mkdir, mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type DialogueFilterInput, dialogueFilter, dialogueSorts } from "../core/contract/workbench/dialogues.ts";
import { Annotations } from "../core/workspace/annotations.ts";
import { WorkspaceIndex } from "../core/workspace/interactions/openIndex.ts";
import { makeInteractions } from "../test/support/interactions.ts";

const { values } = parseArgs({ options: { interactions: { type: "string" }, words: { type: "string" } } });
const wanted = Number(values.interactions ?? 100_000);
const words = Number(values.words ?? 60);
const agents = 100;
const runs = 4;

const folder = await mkdtemp(join(tmpdir(), "folkmoot-bench-"));
try {
  const made = await writeRuns();
  const annotations = await Annotations.open(join(folder, "annotations.jsonl"));
  const path = join(folder, "index.db");
  const build = await timed(async () => {
    const index = new WorkspaceIndex(path, annotations);
    await index.synchronize(made);
    await index[Symbol.asyncDispose]();
  });
  let index = new WorkspaceIndex(path, annotations);
  const openAndFirstPage = await timed(async () => {
    await query(index, {}, "time", 0);
  });
  const verify = await timed(() => index.synchronize(made));
  await index[Symbol.asyncDispose]();
  index = new WorkspaceIndex(path, annotations);
  await query(index, {}, "time", 0);
  const filters: [string, DialogueFilterInput][] = [
    ["none", {}],
    ["one agent", { agents: [17] }],
    ["gain", { gain: { from: 2 } }],
    ["three ranges", { gain: { from: 1 }, after: { from: 5 }, rounds: { from: 10, to: 200 } }],
    ["label and run", { label: "good", runs: ["run-2"] }],
    ["a common word", { text: "goat " }],
    ["two words and a start", { text: "goat purse har" }],
    ["a phrase", { text: '"goat purse"' }],
    ["disagreement, unchanged", { disagreement: 3, unchanged: "without" }],
  ];
  const slowest = { milliseconds: 0, filter: "", sort: "", offset: 0 };
  let facets = 0;
  for (const [name, filter] of filters) {
    for (const by of dialogueSorts)
      for (const offset of [0, 50_000]) {
        const milliseconds = await best(() => query(index, filter, by, offset));
        if (milliseconds > slowest.milliseconds)
          Object.assign(slowest, { milliseconds, filter: name, sort: by, offset });
      }
    facets = Math.max(facets, await best(() => index.ask.facets({ filter: dialogueFilter.parse(filter) })));
  }
  await index[Symbol.asyncDispose]();
  await annotations.close();
  const journalBytes = (
    await Promise.all(made.map(({ directory }) => size(join(directory, "interactions.jsonl"))))
  ).reduce((a, b) => a + b);
  console.log(
    JSON.stringify(
      {
        interactions: wanted,
        journalMegabytes: Math.round(journalBytes / 1e6),
        indexMegabytes: Math.round((await size(path)) / 1e6),
        buildSeconds: round(build / 1000),
        openAndFirstPageMilliseconds: round(openAndFirstPage),
        compareWithJournalsMilliseconds: round(verify),
        slowestQuery: { ...slowest, milliseconds: round(slowest.milliseconds) },
        slowestFacetsMilliseconds: round(facets),
      },
      null,
      2,
    ),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function writeRuns() {
  return Promise.all(
    Array.from({ length: runs }, async (_, i) => {
      const key = `run-${i + 1}`;
      const directory = join(folder, key);
      await mkdir(directory);
      const file = await open(join(directory, "interactions.jsonl"), "w");
      let lines: string[] = [];
      for (const record of makeInteractions({ run: key, seed: i, agents, rounds: wanted / runs / agents, words })) {
        lines.push(`${JSON.stringify(record)}\n`);
        if (lines.length < 1000) continue;
        await file.write(lines.join(""));
        lines = [];
      }
      await file.write(lines.join(""));
      await file.close();
      return { key, directory, created: i };
    }),
  );
}

function query(index: WorkspaceIndex, filter: DialogueFilterInput, by: (typeof dialogueSorts)[number], offset: number) {
  const sort = { by, direction: "descending" as const };
  return index.ask.query({ filter: dialogueFilter.parse(filter), sort, offset, limit: 100 });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function best(work: () => Promise<unknown>): Promise<number> {
  return Math.min(await timed(work), await timed(work), await timed(work));
}

async function size(path: string): Promise<number> {
  return (await stat(path)).size;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
