import { appendFile, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import type { InteractionRecord } from "../../../core/contract/interaction.ts";
import {
  type DialogueFilter,
  type DialogueSort,
  dialogueFilter,
  dialogueSort,
  dialogueSorts,
} from "../../../core/contract/workbench/dialogues.ts";
import { type RandomStream, randomStream } from "../../../core/random.ts";
import { Annotations } from "../../../core/workspace/annotations.ts";
import { WorkspaceIndex } from "../../../core/workspace/interactions/openIndex.ts";
import { matchExpression } from "../../../core/workspace/interactions/search.ts";
import { madeSeconds, makeInteractions, writeInteractions } from "../../support/interactions.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const everything = dialogueFilter.parse({});
const inTime = dialogueSort.parse({});

interface Opened extends AsyncDisposable {
  readonly index: WorkspaceIndex;
  readonly annotations: Annotations;
}

async function open(folder: string): Promise<Opened> {
  const annotations = await Annotations.open(join(folder, "annotations.jsonl"));
  const index = new WorkspaceIndex(join(folder, "index.db"), annotations);
  return {
    index,
    annotations,
    async [Symbol.asyncDispose]() {
      await index[Symbol.asyncDispose]();
      await annotations.close();
    },
  };
}

interface Made {
  readonly key: string;
  readonly directory: string;
  readonly created: number;
  readonly records: readonly InteractionRecord[];
}

async function society(folder: string, key: string, seed: number, size = { agents: 6, rounds: 5 }): Promise<Made> {
  const directory = join(folder, key);
  const records = [...makeInteractions({ run: key, seed, ...size })];
  await writeInteractions(directory, records);
  return { key, directory, created: seed, records };
}

const annotated = new Map<string, { excluded: boolean; tags: string[]; corrected: boolean }>();
afterEach(() => annotated.clear());

/** What the filter means, said again without SQL. */
function matches(run: string, record: InteractionRecord, filter: DialogueFilter): boolean {
  const before = record.observer.before.alignment.rating;
  const after = record.observer.after.alignment.rating;
  const gain = before === null || after === null ? null : after - before;
  const ratings = record.feedback.map((feedback) => feedback.rating).filter((rating) => rating !== null);
  const disagreement = ratings.length < 2 ? null : Math.max(...ratings) - Math.min(...ratings);
  const within = (value: number | null, { from, to }: { from: number | null; to: number | null }) =>
    (from === null || (value !== null && value >= from)) && (to === null || (value !== null && value <= to));
  const flag = (is: boolean, wanted: "any" | "only" | "without") => wanted === "any" || is === (wanted === "only");
  const said = annotated.get(`${run}/${record.id}`) ?? { excluded: false, tags: [], corrected: false };
  const fields = [record.question, record.draft, record.revision, record.feedback.map((f) => f.reason).join("\n")];
  const words = filter.text.split(" ").filter((word) => word !== "");
  const occurs = (word: string, isLast: boolean) =>
    fields.some((field) =>
      (field.toLowerCase().match(/\w+/g) ?? []).some((found) => (isLast ? found.startsWith(word) : found === word)),
    );
  return (
    (filter.runs.length === 0 || filter.runs.includes(run)) &&
    (filter.agents.length === 0 || filter.agents.includes(record.agent.id)) &&
    within(record.round, filter.rounds) &&
    (filter.label === null || record.agent.label === filter.label) &&
    within(gain, filter.gain) &&
    within(before, filter.before) &&
    within(after, filter.after) &&
    within(record.observer.after.engagement.rating, filter.engagement) &&
    words.every((word, i) => occurs(word, i === words.length - 1)) &&
    filter.tags.every((tag) => said.tags.includes(tag)) &&
    flag(said.excluded, filter.excluded) &&
    flag(said.corrected, filter.corrected) &&
    flag(record.draft.trim() === record.revision.trim(), filter.unchanged) &&
    (filter.disagreement === null || (disagreement !== null && disagreement >= filter.disagreement))
  );
}

function sortKey(record: InteractionRecord, by: DialogueSort["by"]): number | null {
  const before = record.observer.before.alignment.rating;
  const after = record.observer.after.alignment.rating;
  const ratings = record.feedback.map((feedback) => feedback.rating).filter((rating) => rating !== null);
  switch (by) {
    case "time":
      return 0;
    case "round":
      return record.round;
    case "agent":
      return record.agent.id;
    case "before":
      return before;
    case "after":
      return after;
    case "gain":
      return before === null || after === null ? null : after - before;
    case "engagement":
      return record.observer.after.engagement.rating;
    case "disagreement":
      return ratings.length < 2 ? null : Math.max(...ratings) - Math.min(...ratings);
    case "length":
      return record.revision.length;
    case "seconds":
      return madeSeconds(record);
  }
}

function bruteForce(runs: readonly Made[], filter: DialogueFilter, { by, direction }: DialogueSort): string[] {
  const all = runs.flatMap(({ key, records }) => records.map((record) => ({ key, record })));
  const found = all.filter(({ key, record }) => matches(key, record, filter));
  if (by === "time" && direction === "descending") found.reverse();
  const sign = direction === "ascending" ? 1 : -1;
  if (by !== "time")
    found.sort((a, b) => {
      const [left, right] = [sortKey(a.record, by), sortKey(b.record, by)];
      if (left === null || right === null) return left === right ? 0 : left === null ? 1 : -1;
      return sign * (left - right);
    });
  return found.map(({ key, record }) => `${key}/${record.id}`);
}

function randomFilter(random: RandomStream): DialogueFilter {
  const maybe = <T>(value: () => T): T | undefined => (random.uniform() < 0.25 ? value() : undefined);
  const range = (low: number, high: number) => ({
    from: random.uniform() < 0.3 ? null : low + random.integer(high - low + 1),
    to: random.uniform() < 0.3 ? null : low + random.integer(high - low + 1),
  });
  const flag = () => (["any", "only", "without"] as const)[random.integer(3)];
  const text = () => ["goat", "goat pur", "barn fence", "what about", "sorry w", "nowhere"][random.integer(6)];
  return dialogueFilter.parse({
    runs: maybe(() => ["one", "two"].slice(random.integer(2))),
    agents: maybe(() => [random.integer(6), random.integer(6)]),
    rounds: maybe(() => range(1, 5)),
    label: maybe(() => (random.uniform() < 0.5 ? "good" : "bad")),
    gain: maybe(() => range(-6, 6)),
    before: maybe(() => range(1, 7)),
    after: maybe(() => range(1, 7)),
    engagement: maybe(() => range(1, 7)),
    text: maybe(text)?.toLowerCase(),
    tags: maybe(() => ["kind", "odd"].slice(random.integer(2))),
    excluded: maybe(flag),
    corrected: maybe(flag),
    unchanged: maybe(flag),
    disagreement: maybe(() => random.integer(7)),
  });
}

describe("index of interactions", () => {
  it("answers every filter and sort as a plain search through the records would", async () => {
    const folder = await temporaryFolder();
    const runs = [await society(folder, "one", 1), await society(folder, "two", 2)];
    await using opened = await open(folder);
    await opened.index.synchronize(runs);
    const random = randomStream(7, "annotations");
    for (const { key, records } of runs)
      for (const { id } of records) {
        if (random.uniform() < 0.5) continue;
        const target = [{ run: key, id }];
        const said = {
          excluded: random.uniform() < 0.5,
          tags: ["kind", "odd"].slice(random.integer(3)),
          corrected: random.uniform() < 0.5,
        };
        annotated.set(`${key}/${id}`, said);
        await opened.annotations.change(`x${id}`, target, { kind: "exclude", excluded: said.excluded }, 1);
        for (const tag of said.tags)
          await opened.annotations.change(`${tag}${id}`, target, { kind: "tag", tag, present: true }, 1);
        if (said.corrected)
          await opened.annotations.change(`c${id}`, target, { kind: "rating", which: "after", rating: 2 }, 1);
        await opened.index.annotated(target);
      }
    let hits = 0;
    for (let trial = 0; trial < 400; trial++) {
      const filter = randomFilter(randomStream(11, "filter", trial));
      const by = dialogueSorts[trial % dialogueSorts.length] ?? "time";
      const sort = { by, direction: trial % 3 === 0 ? ("descending" as const) : ("ascending" as const) };
      const expected = bruteForce(runs, filter, sort);
      const answer = await opened.index.ask.query({ filter, sort, offset: 0, limit: 500 });
      expect(
        answer.rows.map(({ run, id }) => `${run}/${id}`),
        JSON.stringify({ filter, sort }),
      ).toEqual(expected);
      expect(answer.total).toBe(expected.length);
      const facets = await opened.index.ask.facets({ filter });
      expect(facets.total).toBe(expected.length);
      expect(facets.runs.reduce((sum, { count }) => sum + count, 0)).toBe(expected.length);
      hits += expected.length;
    }
    expect(hits).toBeGreaterThan(1000);
  });

  it("pages without overlap or gap, and rows carry what the record and its events say", async () => {
    const folder = await temporaryFolder();
    const run = await society(folder, "one", 3);
    await using opened = await open(folder);
    await opened.index.synchronize([run]);
    const sort = { by: "gain", direction: "descending" } as const;
    const pages = await Promise.all(
      [0, 7, 14, 21, 28].map((offset) => opened.index.ask.query({ filter: everything, sort, offset, limit: 7 })),
    );
    const rows = pages.flatMap((page) => page.rows);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(run.records.length);
    for (const row of rows) {
      const record = run.records.find(({ id }) => id === row.id) as InteractionRecord;
      expect(row.seconds).toBeCloseTo(madeSeconds(record));
      expect(record.draft.startsWith(row.draft)).toBe(true);
      expect(row.after).toBe(record.observer.after.alignment.rating);
      const [found] = await opened.index.ask.records({ targets: [{ run: "one", id: row.id }] });
      expect(found?.record).toEqual(record);
    }
  });

  it("reads in what a running society adds, and never half a line", async () => {
    const folder = await temporaryFolder();
    const run = await society(folder, "one", 4);
    const journal = join(run.directory, "interactions.jsonl");
    const whole = await readFile(journal, "utf8");
    const cut = whole.length - Math.round(whole.length / 3);
    await writeFile(journal, whole.slice(0, cut));
    await using opened = await open(folder);
    await opened.index.synchronize([run]);
    const complete = whole.slice(0, cut).split("\n").length - 1;
    const count = async () =>
      (await opened.index.ask.query({ filter: everything, sort: inTime, offset: 0, limit: 1 })).total;
    expect(await count()).toBe(complete);
    for (let at = cut; at < whole.length; at += 777) {
      await appendFile(journal, whole.slice(at, at + 777));
      await opened.index.catchUp(run);
      expect(await count()).toBe(whole.slice(0, at + 777).split("\n").length - 1);
    }
    const all = await opened.index.ask.query({ filter: everything, sort: inTime, offset: 0, limit: 500 });
    expect(all.rows.map(({ id }) => id)).toEqual(run.records.map(({ id }) => id));
  });

  it.each(["missing", "older", "garbage", "cut short", "not a file of ours"])(
    "is built again when it is %s, with every annotation",
    async (damage) => {
      const folder = await temporaryFolder();
      const run = await society(folder, "one", 5);
      const path = join(folder, "index.db");
      {
        await using opened = await open(folder);
        await opened.index.synchronize([run]);
        await opened.annotations.change("a", [{ run: "one", id: "r1-a0" }], { kind: "exclude", excluded: true }, 1);
        await opened.annotations.change(
          "b",
          [{ run: "one", id: "r2-a3" }],
          { kind: "tag", tag: "kind", present: true },
          1,
        );
      }
      if (damage === "missing") await rm(path);
      if (damage === "older") {
        const database = new DatabaseSync(path);
        database.exec("UPDATE meta SET value = '0'");
        database.close();
      }
      if (damage === "garbage") await writeFile(path, Buffer.alloc(100_000, 7));
      if (damage === "cut short") await truncate(path, Math.round((await stat(path)).size / 2));
      if (damage === "not a file of ours") {
        await rm(path);
        const database = new DatabaseSync(path);
        database.exec("CREATE TABLE other (x)");
        database.close();
      }
      await using opened = await open(folder);
      await opened.index.synchronize([run]);
      const query = (filter: object) =>
        opened.index.ask.query({ filter: dialogueFilter.parse(filter), sort: inTime, offset: 0, limit: 500 });
      expect((await query({})).rows.map(({ id }) => id)).toEqual(run.records.map(({ id }) => id));
      expect((await query({ excluded: "only" })).rows.map(({ id }) => id)).toEqual(["r1-a0"]);
      expect((await query({ tags: ["kind"] })).rows.map(({ id }) => id)).toEqual(["r2-a3"]);
      expect((await query({ text: "goat" })).total).toBeGreaterThan(0);
    },
  );

  it("whose pages were damaged is thrown away when that shows, and everything is there again", async () => {
    const folder = await temporaryFolder();
    const run = await society(folder, "one", 12, { agents: 10, rounds: 40 });
    const path = join(folder, "index.db");
    {
      await using opened = await open(folder);
      await opened.index.synchronize([run]);
    }
    const bytes = await readFile(path);
    bytes.fill(0x5a, 5 * 8192, bytes.length - 8192);
    await writeFile(path, bytes);
    await using opened = await open(folder);
    await opened.index.synchronize([run]).catch(() => undefined);
    const ask = () =>
      opened.index.ask.query({ filter: { ...everything, text: "goat" }, sort: inTime, offset: 0, limit: 500 });
    const expected = bruteForce([run], { ...everything, text: "goat" }, inTime);
    let found = 0;
    for (let attempt = 0; attempt < 100 && found !== expected.length; attempt++) {
      found = (await ask().catch(() => ({ total: 0 }))).total;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await ask()).rows.map(({ run: key, id }) => `${key}/${id}`)).toEqual(expected);
  });

  it("notices a journal that was replaced while nobody looked, and runs that went away", async () => {
    const folder = await temporaryFolder();
    const [run, other] = [await society(folder, "one", 6), await society(folder, "two", 7)];
    {
      await using opened = await open(folder);
      await opened.index.synchronize([run, other]);
    }
    const replaced = await society(folder, "one", 8, { agents: 6, rounds: 6 });
    await using opened = await open(folder);
    await opened.index.synchronize([replaced]);
    const { rows, total } = await opened.index.ask.query({ filter: everything, sort: inTime, offset: 0, limit: 500 });
    expect(total).toBe(replaced.records.length);
    expect(rows.map(({ after }) => after)).toEqual(replaced.records.map((r) => r.observer.after.alignment.rating));
  });

  it("takes any search text for words, never for query language", async () => {
    const folder = await temporaryFolder();
    const run = await society(folder, "one", 9);
    await using opened = await open(folder);
    await opened.index.synchronize([run]);
    for (const text of [
      '"',
      '"goat',
      "goat OR (",
      "draft:goat",
      "NEAR(a b)",
      "a* ^b -c",
      "'; DROP TABLE run; --",
      "🙂 ü",
    ])
      await expect(
        opened.index.ask.query({ filter: { ...everything, text }, sort: inTime, offset: 0, limit: 5 }),
        text,
      ).resolves.toBeDefined();
    expect(matchExpression(" ?! ")).toBeNull();
    expect(matchExpression('"lost goat" barn')).toBe('"lost goat" AND "barn"*');
  });
});
