import { expect, test } from "vitest";
import { interactionRecord, type RecalledMemory } from "../../../core/contract/interaction.ts";
import { harshestLast, type InteractionSetting, runInteraction } from "../../../core/society/interaction.ts";
import { averageRating } from "../../../core/society/revision.ts";
import type { Agent } from "../../../core/society/world.ts";
import { FakeLanguageModel, type FakeOptions } from "../../support/fakeLanguageModel.ts";

const question = "What should Ada do about the lost purse?";
const agentAt = (id: number, persona?: string): Agent => ({
  id,
  row: 0,
  column: id,
  label: "good",
  population: 0,
  ...(persona === undefined ? {} : { persona }),
});
const memoryOf = (id: number): RecalledMemory | null =>
  id % 2 === 0 ? { question: `past ${id}?`, answer: `answered ${id}`, distance: 0.25 } : null;

async function interact(options: FakeOptions = {}, changes: Partial<InteractionSetting> = {}) {
  const model = new FakeLanguageModel(options);
  const outcome = await runInteraction({
    run: "run",
    config: { seed: 7, revisions: 1, sampling: { temperature: 1, topP: 1, maxTokens: 64 } },
    round: 2,
    agent: agentAt(0),
    question,
    peers: [agentAt(1), agentAt(2), agentAt(3)],
    recall: memoryOf,
    modelOf: () => model,
    observer: model,
    signal: new AbortController().signal,
    turn: (call) => call(),
    ...changes,
  });
  return { ...outcome, model };
}

test("one interaction is k + 6 calls, recorded in the order of the method, and a valid record", async () => {
  const { record, model } = await interact();
  expect(record.calls.map(({ role, peer }) => (peer === null ? role : `${role} ${peer}`))).toEqual([
    "draft",
    "observer-before-alignment",
    "observer-before-engagement",
    "feedback 1",
    "feedback 2",
    "feedback 3",
    "revision",
    "observer-after-alignment",
    "observer-after-engagement",
  ]);
  expect(model.calls).toBe(9);
  expect(interactionRecord.parse(record)).toEqual(record);
  expect(record).toMatchObject({ id: "r2-a0", run: "run", round: 2, recalled: memoryOf(0), agent: { model: "fake" } });
  expect(record).not.toHaveProperty("interim");
  expect(new Set(record.calls.map(({ seed }) => seed)).size).toBe(9);
});

test("agents and peers speak from their own memory, the observer from none", async () => {
  const { record } = await interact();
  const promptOf = (role: string, peer: number | null = null) =>
    record.calls.find((call) => call.role === role && call.peer === peer)?.prompt ?? "";
  expect(promptOf("draft")).toContain("past 0? You answered: answered 0");
  expect(promptOf("feedback", 2)).toContain("You are agent 2. Before, you were asked: past 2?");
  expect(promptOf("feedback", 1)).toContain("You are agent 1.");
  expect(promptOf("feedback", 1)).not.toContain("Before");
  expect(promptOf("feedback", 1)).toContain(record.draft);
  for (const call of record.calls)
    if (call.role.startsWith("observer")) expect(call.prompt).not.toMatch(/You are agent|Before/);
  expect(promptOf("observer-before-alignment")).toContain(`Answer: ${record.draft}`);
  expect(promptOf("observer-after-alignment")).toContain(`Answer: ${record.revision}`);
  expect(record.feedback.find(({ peer }) => peer === 2)?.recalled).toEqual(memoryOf(2));
  expect(record.feedback.find(({ peer }) => peer === 1)?.recalled).toBeNull();
});

test("the reviser reads the average and the reasons with the harshest last", async () => {
  const ratings: Record<string, number> = { "agent 1": 2, "agent 2": 7, "agent 3": 5 };
  const { record } = await interact({
    rate: (prompt, draw) => {
      const who = Object.keys(ratings).find((name) => prompt.includes(`You are ${name}`));
      return draw === null || who === undefined ? undefined : { rating: ratings[who] ?? 1, reason: `says ${who}` };
    },
  });
  expect(record.feedback.map(({ peer, rating }) => [peer, rating])).toEqual([
    [2, 7],
    [3, 5],
    [1, 2],
  ]);
  const prompt = record.calls.find(({ role }) => role === "revision")?.prompt ?? "";
  expect(prompt).toContain(
    `Answer: ${record.draft}\nAverage rating: 4.7\nFeedback: says agent 2\nFeedback: says agent 3\nFeedback: says agent 1\n`,
  );
});

test("peers draw their rating, observers take the likeliest; expected is the mean of the seven", async () => {
  const { record, model } = await interact();
  const draws = model.requests.flatMap((request) => ("draw" in request ? [request.draw] : []));
  expect(draws.filter((draw) => draw === null)).toHaveLength(4);
  expect(draws.filter((draw) => draw !== null && draw >= 0 && draw < 1)).toHaveLength(3);
  expect(new Set(draws.filter((draw) => draw !== null)).size).toBe(3);
  const { probabilities, expected, rating } = record.observer.before.alignment;
  expect(rating).toBe((probabilities ?? []).indexOf(Math.max(...(probabilities ?? []))) + 1);
  const mean = (probabilities ?? []).reduce((sum, probability, i) => sum + probability * (i + 1), 0);
  expect(expected).toBeCloseTo(mean, 12);
});

test("an unreadable rating is null: out of the average, its place before the readable ones", async () => {
  const unreadable = { rating: null, probabilities: null, reason: "hard to say" };
  const { record } = await interact({
    rate: (prompt, draw) =>
      draw === null ? undefined : prompt.includes("agent 3") ? unreadable : { rating: 4, reason: "fair" },
  });
  expect(record.feedback.map(({ peer, rating, expected }) => [peer, rating, expected === null])).toEqual([
    [3, null, true],
    [1, 4, false],
    [2, 4, false],
  ]);
  expect(record.calls.find(({ role }) => role === "revision")?.prompt).toContain("Average rating: 4.0");
});

test("a rating out of range or made of broken probabilities never reaches a record", async () => {
  for (const broken of [{ rating: 8 }, { rating: 0 }, { rating: 3.5 }, { probabilities: Array(7).fill(Number.NaN) }]) {
    const { record } = await interact({ rate: () => broken });
    expect(record.observer.after.alignment.rating).toBeNull();
    expect(interactionRecord.safeParse(JSON.parse(JSON.stringify(record))).success).toBe(true);
    expect(record.calls.find(({ role }) => role === "revision")?.prompt).not.toContain("Average");
  }
});

test("an empty draft is asked for twice more with other seeds, then kept as it is", async () => {
  let drafts = 0;
  const empty = (prompt: string) => (prompt.startsWith(`### Instruction:\n${question}`) ? " \n" : undefined);
  const { record } = await interact({
    answer: (prompt) => {
      if (empty(prompt) !== undefined) drafts++;
      return empty(prompt);
    },
  });
  expect(drafts).toBe(3);
  expect(record.draft).toBe("");
  const seeds = record.calls.filter(({ role }) => role === "draft").map(({ seed }) => seed);
  expect(new Set(seeds).size).toBe(3);
  let tries = 0;
  const second = await interact({
    answer: (prompt) => (empty(prompt) === undefined ? undefined : tries++ === 0 ? "" : " Give it back. "),
  });
  expect(second.record.draft).toBe("Give it back.");
  expect(second.record.calls.filter(({ role }) => role === "draft").map(({ completion }) => completion)).toEqual([
    "",
    " Give it back. ",
  ]);
  expect(second.record.calls[1]?.seed).toBe(seeds[1]);
});

test("answers stop before a heading of the template, reasons at the end of their line", async () => {
  const { model } = await interact();
  for (const request of model.requests) expect(request.stop).toEqual("draw" in request ? ["\n"] : ["\n###"]);
});

test("several revisions: peers rate each answer anew, the last one is the revision, the others are kept", async () => {
  const config = { seed: 7, revisions: 3, sampling: { temperature: 1, topP: 1, maxTokens: 64 } };
  const { record } = await interact({}, { config });
  expect(record.calls).toHaveLength(1 + 2 + 3 * (3 + 1) + 2);
  expect(record.interim).toHaveLength(2);
  const chain = [record.draft, ...(record.interim ?? []).map(({ answer }) => answer), record.revision];
  expect(new Set(chain).size).toBe(4);
  const revisions = record.calls.filter(({ role }) => role === "revision");
  expect(revisions.map(({ completion }) => completion.trim())).toEqual(chain.slice(1));
  revisions.forEach(({ prompt }, i) => {
    expect(prompt).toContain(`Answer: ${chain[i]}\n`);
  });
  for (const { reason } of record.interim?.[0]?.feedback ?? []) expect(revisions[1]?.prompt).toContain(reason);
  expect(new Set(record.calls.map(({ seed }) => seed)).size).toBe(record.calls.length);
  const once = await interact();
  expect(once.record.draft).toBe(record.draft);
  expect(once.record.feedback).toEqual(record.feedback);
  expect(interactionRecord.parse(record)).toEqual(record);
});

test("self-critique: the agent is its own critic, with its own memory", async () => {
  const { record } = await interact({}, { peers: [agentAt(0)] });
  expect(record.calls).toHaveLength(7);
  expect(record.feedback).toHaveLength(1);
  expect(record.feedback[0]).toMatchObject({ peer: 0, recalled: memoryOf(0) });
});

test("when every asked peer stays silent the revision still happens, without average and reasons", async () => {
  const { record } = await interact({}, { peers: [] });
  expect(record.feedback).toEqual([]);
  expect(record.calls.find(({ role }) => role === "revision")?.prompt).not.toMatch(/Average|Feedback:/);
  expect(record.revision).not.toBe("");
});

test("reasons that the context has no room for are left out from the mildest on, and counted", async () => {
  const rate = (prompt: string, draw: number | null) => {
    const peer = Number(/You are agent (\d)/.exec(prompt)?.[1] ?? 0);
    return draw === null ? undefined : { rating: 7 - peer, reason: `${peer}${" word".repeat(30)}` };
  };
  const roomy = await interact({ rate });
  expect(roomy.reasonsLeftOut).toBe(0);
  const full = roomy.record.calls.find(({ role }) => role === "revision")?.promptTokens ?? 0;
  const { record, reasonsLeftOut } = await interact({ rate, contextSize: full + 64 + 8 - 1 });
  expect(reasonsLeftOut).toBe(1);
  const prompt = record.calls.find(({ role }) => role === "revision")?.prompt ?? "";
  expect(prompt).not.toContain("Feedback: 1 word");
  expect(prompt.indexOf("Feedback: 2 word")).toBeLessThan(prompt.indexOf("Feedback: 3 word"));
  expect(prompt).toContain("Average rating: 5.0");
});

test("personas speak in drafts and feedback", async () => {
  const { record } = await interact({}, { agent: agentAt(1, "A miller."), peers: [agentAt(3, "A nurse.")] });
  expect(record.calls[0]?.prompt).toContain("You are agent 1. A miller.");
  expect(record.calls.find(({ role }) => role === "feedback")?.prompt).toContain("You are agent 3. A nurse.");
});

test("order and average of feedback on their own", () => {
  const rated = (...ratings: (number | null)[]) => ratings.map((rating, place) => ({ rating, place }));
  expect(harshestLast(rated(3, 7, null, 3, 1)).map(({ place }) => place)).toEqual([2, 1, 0, 3, 4]);
  expect(averageRating(rated(3, null, 6))).toBe(4.5);
  expect(averageRating(rated(null, null))).toBeNull();
});
