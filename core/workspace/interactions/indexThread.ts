/** Entry of the index's thread: one SQLite file, asked one question at a time while journals are being read in. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { os as orpc, type } from "@orpc/server";
import { type InteractionRecord, interactionRecord } from "../../contract/interaction.ts";
import type { AnnotationState, DialogueFilter, DialogueSort } from "../../contract/workbench/dialogues.ts";
import { serveThread, threadData } from "../../host/thread.ts";
import { type Target, untouched } from "../annotations.ts";
import { parseRecord } from "../journalLines.ts";
import { catchUp, forgetRun } from "./catchUp.ts";
import { facetsOf, overviewOf, tagsInUse } from "./facets.ts";
import { type IndexedRun, InteractionIndex, isDamage, removeIndexFile } from "./interactionIndex.ts";

type States = readonly (readonly [id: string, state: AnnotationState])[];

/** How far reading is: bytes of all journals that are waited for. */
let reading: { done: number; total: number } | null = null;
const verified = new Set<string>();

const { path } = threadData<{ path: string }>();
const index = InteractionIndex.open(path);

/** A file that turns out to be damaged is thrown away with its thread; the next one reads the journals again. */
const os = orpc.use(async ({ next }) => {
  try {
    return await next();
  } catch (error) {
    if (!isDamage(error)) throw error;
    index[Symbol.dispose]();
    removeIndexFile(path);
    process.exit();
  }
});

const router = orpc.router({
  state: os.handler(() => ({ isFresh: index.isFresh, reading, runs: index.runs().map(({ key }) => key) })),
  /** Reads in what is new of these runs. */
  catchUp: os.input(type<{ run: IndexedRun; states: States }>()).handler(async ({ input: { run, states } }) => {
    const known = new Map(states);
    const verify = !verified.has(run.key);
    verified.add(run.key);
    const added = await catchUp({
      index,
      run,
      verify,
      annotation: (id) => known.get(id) ?? untouched,
      onBytes: (read) => {
        if (reading !== null) reading = { ...reading, done: reading.done + read };
      },
    });
    if (verify) index.annotate(run.key, known);
    return { added };
  }),
  /** Before many runs are read in: how much that will be, for whoever asks in the meantime; null = it is done. */
  announce: os
    .input(type<{ runs: readonly { key: string; bytes: number }[] | null }>())
    .handler(({ input: { runs } }) => {
      const known = new Map(index.runs().map(({ key, bytes }) => [key, bytes]));
      const total = runs?.reduce((sum, { key, bytes }) => sum + Math.max(0, bytes - (known.get(key) ?? 0)), 0) ?? 0;
      reading = total === 0 ? null : { done: 0, total };
      return {};
    }),
  forget: os.input(type<{ run: string }>()).handler(({ input: { run } }) => {
    forgetRun(index, run);
    verified.delete(run);
    return {};
  }),
  query: os
    .input(type<{ filter: DialogueFilter; sort: DialogueSort; offset: number; limit: number }>())
    .handler(({ input: { filter, sort, offset, limit } }) => ({
      ...index.query(filter, sort, offset, limit),
      indexing: reading,
    })),
  facets: os.input(type<{ filter: DialogueFilter }>()).handler(({ input: { filter } }) => facetsOf(index, filter)),
  tags: os.handler(() => tagsInUse(index)),
  targets: os
    .input(type<{ filter: DialogueFilter; sort: DialogueSort }>())
    .handler(({ input: { filter, sort } }): Target[] => index.targets(filter, sort)),
  annotate: os.input(type<{ run: string; states: States }>()).handler(({ input: { run, states } }) => {
    index.annotate(run, states);
    return {};
  }),
  overview: os
    .input(type<{ run: string; agents: number; recent: number }>())
    .handler(({ input: { run, agents, recent } }) => overviewOf(index, run, agents, recent)),
  /** Whole records; those that are not there (any more) are left out. */
  records: os.input(type<{ targets: readonly Target[] }>()).handler(async ({ input: { targets } }) => {
    const found: Found[] = [];
    for (const target of targets) {
      const one = await read(target);
      if (one !== null) found.push(one);
    }
    return found;
  }),
});

export interface Found {
  readonly run: string;
  readonly record: InteractionRecord;
  readonly seconds: number | null;
  readonly completionTokens: number;
}

async function read({ run, id }: Target): Promise<Found | null> {
  const located = index.locate(run, id);
  if (located === null) return null;
  const journal = join(located.directory, "interactions.jsonl");
  const handle = await open(journal, "r");
  try {
    const bytes = Buffer.alloc(located.size);
    await handle.read(bytes, 0, located.size, located.start);
    const record = parseRecord(bytes, interactionRecord, journal, 0);
    return { run, record, seconds: located.seconds, completionTokens: located.completionTokens };
  } finally {
    await handle.close();
  }
}

serveThread(router);

export type IndexRouter = typeof router;
