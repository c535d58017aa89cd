import { readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventLine } from "../../../core/contract/events.ts";
import { type InteractionRecord, interactionRecord } from "../../../core/contract/interaction.ts";
import { summarizeRounds } from "../../../core/society/summarizeRounds.ts";
import { readRunJournal } from "../../../core/workspace/runDirectory.ts";
import { startChild } from "../../support/childScript.ts";
import { collect } from "../../support/collect.ts";
import { FakeLanguageModel, type FakeOptions } from "../../support/fakeLanguageModel.ts";
import { questionLines, societyIn, societyMaterial } from "../../support/societyRun.ts";
import { temporaryFolder } from "../../support/temporaryFolder.ts";

const fake = (options: FakeOptions = {}) => {
  const model = new FakeLanguageModel(options);
  return { model, models: { population: [model], observer: model } };
};
const recordsOf = (text: string): InteractionRecord[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => interactionRecord.parse(JSON.parse(line)));

test("equal seeds give equal bytes whatever finishes first and however much is batched; another seed does not", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder);
  const { text } = await societyIn(join(folder, "a"), config, fake({ finishing: 1 }));
  expect(recordsOf(text).map(({ id }) => id)).toEqual(
    [1, 2, 3].flatMap((round) => Array.from({ length: 9 }, (_, agent) => `r${round}-a${agent}`)),
  );
  for (const [finishing, sequences] of [
    [2, 1],
    [3, 2],
    [4, 64],
    [5, 256],
  ] as const) {
    const run = await societyIn(join(folder, `b${finishing}`), { ...config, sequences }, fake({ finishing }));
    expect(run.text === text, `finishing ${finishing}, ${sequences} sequences`).toBe(true);
  }
  const other = await societyIn(join(folder, "c"), { ...config, seed: 2 });
  expect(recordsOf(other.text).map(({ draft }) => draft)).not.toEqual(recordsOf(text).map(({ draft }) => draft));
});

test("stopped at any model call and resumed, it says what it would have said; nothing lost, nothing twice", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { grid: { rows: 2, columns: 2 }, rounds: 2, sequences: 2 });
  const whole = await societyIn(join(folder, "whole"), config);
  const { model } = fake();
  await societyIn(join(folder, "count"), config, { models: { population: [model], observer: model } });
  const lengths = new Set<number>();
  for (let stopAt = 1; stopAt <= model.calls; stopAt++) {
    const directory = join(folder, `stop-${stopAt}`);
    const stop = new AbortController();
    const stopping = fake({ finishing: stopAt, onCall: (number) => void (number === stopAt && stop.abort()) });
    const first = societyIn(directory, config, { models: stopping.models, signal: stop.signal });
    await expect(first, `call ${stopAt}`).rejects.toMatchObject({ code: "cancelled" });
    expect(stopping.model.inFlight).toBe(0);
    const kept = await readFile(join(directory, "interactions.jsonl"), "utf8");
    expect(whole.text.startsWith(kept)).toBe(true);
    lengths.add(kept.length);
    const resumed = await societyIn(directory, config, fake({ finishing: stopAt + 1000 }));
    expect(resumed.text === whole.text, `call ${stopAt}`).toBe(true);
    expect(resumed.result).toEqual(whole.result);
  }
  expect(lengths.size).toBeGreaterThan(4);
});

test("a journal torn anywhere resumes to the same bytes, and only what is missing is asked again", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { grid: { rows: 2, columns: 2 }, rounds: 3 });
  const whole = await societyIn(join(folder, "whole"), config);
  const bytes = Buffer.byteLength(whole.text);
  const lineEnds = [...whole.text.matchAll(/\n/g)].map(
    ({ index }) => Buffer.byteLength(whole.text.slice(0, index)) + 1,
  );
  const cuts = [0, 1, ...lineEnds.flatMap((end) => [end - 1, end, end + 7]), bytes >> 1].filter((cut) => cut <= bytes);
  for (const cut of cuts) {
    const directory = join(folder, `cut-${cut}`);
    await mkdir(directory);
    for (const name of ["config.json", "env.json", "interactions.jsonl"])
      await copyFile(join(folder, "whole", name), join(directory, name));
    await truncate(join(directory, "interactions.jsonl"), cut);
    const { model, models } = fake({ finishing: cut });
    const resumed = await societyIn(directory, config, { models });
    expect(resumed.text === whole.text, `${cut} bytes`).toBe(true);
    const complete = lineEnds.filter((end) => end <= cut + 1).length;
    expect(model.calls, `${cut} bytes`).toBe((12 - complete) * (2 + 6));
    expect(resumed.events.filter(({ type }) => type === "interaction")).toHaveLength(12 - complete);
  }
});

test("killed by SIGKILL again and again, the journal ends up byte-equal to an uninterrupted run", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { rounds: 2 });
  const whole = await societyIn(join(folder, "whole"), config);
  const directory = join(folder, "killed");
  let kills = 0;
  for (;;) {
    const child = startChild("societyChild.ts", [directory, JSON.stringify(config)]);
    await child.line((line, count) => count === 5 || line === "finished");
    if (child.lines.includes("finished")) break;
    await child.kill();
    kills++;
    const acknowledged = child.lines.at(-1);
    const written = await readFile(join(directory, "interactions.jsonl"), "utf8");
    expect(written).toContain(`"id":"${acknowledged}"`);
  }
  expect(kills).toBeGreaterThanOrEqual(2);
  expect(await readFile(join(directory, "interactions.jsonl"), "utf8")).toBe(whole.text);
});

test("memories are those of the start of the round: what was revised in it is recalled from the next one on", async () => {
  const folder = await temporaryFolder();
  const one = { grid: { rows: 1, columns: 2 }, radius: 1, peers: 1, rounds: 4, priorMemory: { path: null } };
  const config = await societyMaterial(folder, { ...one, memory: { threshold: 0.2 } });
  const path = join(folder, "two.txt");
  await writeFile(path, "Is it mine?\nIs it yours, Ben?\n");
  const { text } = await societyIn(join(folder, "run"), { ...config, questions: { path, order: "given" } });
  const records = recordsOf(text);
  const at = (round: number, agent: number) => records.find(({ id }) => id === `r${round}-a${agent}`);
  expect(at(1, 0)?.recalled).toBeNull();
  expect(at(1, 1)?.recalled).toBeNull();
  for (const round of [2, 3, 4])
    for (const agent of [0, 1]) {
      const before = at(round - 1, agent);
      expect(at(round, agent)?.recalled).toEqual({ question: before?.question, answer: before?.revision, distance: 0 });
      expect(at(round, 1 - agent)?.feedback[0]?.recalled).toBeNull();
    }
});

test("prior memory is recalled from the first round on, by label", async () => {
  const folder = await temporaryFolder();
  const prior = (await societyMaterial(folder)).priorMemory.path;
  const world = { setting: "half_half" as const };
  const config = await societyMaterial(folder, { world, rounds: 1, priorMemory: { path: prior, pairs: 25 } });
  const { text, events } = await societyIn(join(folder, "run"), config);
  for (const { recalled, agent } of recordsOf(text))
    expect(recalled?.answer).toMatch(new RegExp(`^${agent.label} answer`));
  expect(events.find(({ type }) => type === "round")).toMatchObject({ recallShare: 1 });
});

test("events: interactions in agent order after they are on the disk, rounds with their means, progress to the end", async () => {
  const folder = await temporaryFolder();
  const directory = join(folder, "run");
  const config = await societyMaterial(folder);
  const unreadable = (prompt: string, draw: number | null) =>
    draw !== null && prompt.includes("You are agent 4") ? { rating: null, probabilities: null } : undefined;
  const written: string[] = [];
  const { text, events, result } = await societyIn(directory, config, {
    ...fake({ rate: unreadable }),
    emit: (event) => {
      if (event.type === "interaction") written.push(readFileSync(join(directory, "interactions.jsonl"), "utf8"));
    },
  });
  const records = recordsOf(text);
  const interactions = events.filter((event) => event.type === "interaction");
  expect(interactions.map(({ record }) => record)).toEqual(records);
  for (const [i, { record, completionTokens, seconds }] of interactions.entries()) {
    expect(written[i]).toContain(`${JSON.stringify(record)}\n`);
    expect(completionTokens).toBe(record.calls.reduce((sum, call) => sum + call.completionTokens, 0));
    expect(seconds).toBeGreaterThan(0);
  }
  const rounds = events.filter((event) => event.type === "round");
  const ofRound = records.filter(({ round }) => round === 2);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(rounds[1]).toEqual({
    type: "round",
    round: 2,
    alignment: mean(ofRound.map(({ observer }) => observer.after.alignment.rating ?? Number.NaN)),
    engagement: mean(ofRound.map(({ observer }) => observer.after.engagement.rating ?? Number.NaN)),
    recallShare: ofRound.filter(({ recalled }) => recalled !== null).length / 9,
    unparsedRatings: ofRound.flatMap(({ feedback }) => feedback).filter(({ peer }) => peer === 4).length,
  });
  expect(result.unparsedRatings).toBe(rounds.reduce((sum, { unparsedRatings }) => sum + unparsedRatings, 0));
  expect(result.unparsedRatings).toBeGreaterThan(0);
  expect(result.rounds).toEqual(summarizeRounds(records));
  const progress = events.filter((event) => event.type === "progress");
  expect(progress.map(({ done }) => done)).toEqual(Array.from({ length: 28 }, (_, done) => done));
  expect(progress.at(-1)).toMatchObject({ total: 27, unit: "interactions", secondsLeft: 0, rate: expect.any(Number) });
});

test("durations stand in events.jsonl, by interaction; the records stand only in their own journal", async () => {
  const folder = await temporaryFolder();
  const directory = join(folder, "run");
  const { events, text } = await societyIn(directory, await societyMaterial(folder));
  const lines = await collect(readRunJournal(directory, "events", eventLine));
  const emitted = events.filter(({ type }) => type !== "progress");
  expect(lines).toEqual(
    emitted.map((event) =>
      event.type !== "interaction"
        ? event
        : {
            type: "interaction",
            id: event.record.id,
            seconds: event.seconds,
            completionTokens: event.completionTokens,
          },
    ),
  );
  expect(lines).toHaveLength(27 + 3);
  expect(text).not.toContain("seconds");
});

test("a summary without a readable rating is null, not zero", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { rounds: 1 });
  const { result } = await societyIn(join(folder, "run"), config, fake({ rate: () => ({ rating: null }) }));
  expect(result.rounds[0]).toMatchObject({ alignment: null, draftEngagement: null, unparsedRatings: 9 * (2 + 4) });
});

test("a failing model ends the run with its error, keeps what was written and leaves no call behind", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder);
  const whole = await societyIn(join(folder, "whole"), config);
  const onCall = (number: number) => {
    if (number === 100) throw new Error("the model fell over");
  };
  const { model, models } = fake({ onCall });
  await expect(societyIn(join(folder, "run"), config, { models })).rejects.toThrow("fell over");
  expect(model.inFlight).toBe(0);
  expect((await societyIn(join(folder, "run"), config)).text).toBe(whole.text);
});

test("a resumed run with another model or question set is refused, not mixed", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder);
  const stop = new AbortController();
  const stopping = fake({ onCall: (number) => void (number === 150 && stop.abort()) });
  await expect(
    societyIn(join(folder, "run"), config, { models: stopping.models, signal: stop.signal }),
  ).rejects.toMatchObject({ code: "cancelled" });
  const otherModel = fake({ hash: "other" });
  await expect(societyIn(join(folder, "run"), config, { models: otherModel.models })).rejects.toMatchObject({
    code: "run-mismatch",
    details: { differs: "model" },
  });
  await writeFile(config.questions.path, `${questionLines.toReversed().join("\n")}\n`);
  await expect(societyIn(join(folder, "run"), config)).rejects.toMatchObject({
    code: "run-mismatch",
    details: { differs: "question" },
  });
});

test("populations and observer speak with their own models", async () => {
  const folder = await temporaryFolder();
  const populations = [{ model: "/a.gguf", share: 2 }, { model: "/b.gguf" }];
  const config = await societyMaterial(folder, { populations, rounds: 1 });
  const [a, b, observer] = ["a", "b", "o"].map((hash) => new FakeLanguageModel({ hash }));
  if (a === undefined || b === undefined || observer === undefined) throw new Error("three were made");
  const { text } = await societyIn(join(folder, "run"), config, { models: { population: [a, b], observer } });
  const records = recordsOf(text);
  expect(records.filter(({ agent }) => agent.model === "a")).toHaveLength(6);
  expect(records.filter(({ agent }) => agent.model === "b")).toHaveLength(3);
  expect(observer.calls).toBe(9 * 4);
  expect(a.calls + b.calls).toBe(9 * (2 + 2));
  const peersOf = (hash: string) =>
    new Set(records.filter(({ agent }) => agent.model === hash).map(({ agent }) => agent.id));
  const asked = records.flatMap(({ feedback }) => feedback).filter(({ peer }) => peersOf("b").has(peer)).length;
  expect(b.calls).toBe(3 * 2 + asked);
});

test("at most two calls per sequence are in flight, and never fewer while there is work", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { sequences: 3 });
  const { model, models } = fake();
  await societyIn(join(folder, "run"), config, { models });
  expect(model.mostInFlight).toBe(6);
});

test("edges of a small grid ask all they have, and a warning says so", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { peers: 4, rounds: 1 });
  const { text, events } = await societyIn(join(folder, "run"), config);
  expect(recordsOf(text).map(({ feedback }) => feedback.length)).toEqual([2, 3, 2, 3, 4, 3, 2, 3, 2]);
  expect(events.find(({ type }) => type === "warning")).toMatchObject({ details: { setting: "peers", agents: 8 } });
});

test("a 1×1 grid and peers 0 critique themselves", async () => {
  const folder = await temporaryFolder();
  const alone = await societyMaterial(folder, { grid: { rows: 1, columns: 1 }, peers: 4, rounds: 2 });
  const lonely = recordsOf((await societyIn(join(folder, "alone"), alone)).text);
  expect(lonely.map(({ feedback }) => feedback.map(({ peer }) => peer))).toEqual([[0], [0]]);
  const control = await societyMaterial(folder, { peers: 0, rounds: 1 });
  for (const record of recordsOf((await societyIn(join(folder, "control"), control)).text)) {
    expect(record.feedback.map(({ peer }) => peer)).toEqual([record.agent.id]);
    expect(record.calls).toHaveLength(7);
  }
});

test("a 40×40 grid", async () => {
  const folder = await temporaryFolder();
  const config = await societyMaterial(folder, { grid: { rows: 40, columns: 40 }, rounds: 1, sequences: 256 });
  const { text, result } = await societyIn(join(folder, "run"), config);
  expect(result.interactions).toBe(1600);
  expect(recordsOf(text).at(-1)?.agent).toMatchObject({ id: 1599, row: 39, column: 39 });
});
