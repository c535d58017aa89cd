import { describe, expect, it } from "vitest";
import type { AgentIdentity } from "../../../core/contract/interaction.ts";
import type { StreamPosition } from "../../../core/contract/workbench/common.ts";
import type { InteractionBrief, LiveEvent, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { randomStream } from "../../../core/random.ts";
import { AgentMoves } from "../../../core/workbench/agentMoves.ts";
import { FrameStream, keepLast } from "../../../core/workbench/frameStream.ts";
import { applyEvent, emptySnapshot, LiveRun } from "../../../core/workbench/liveRun.ts";

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A face that loses its line every few frames and comes back where it stood. */
async function unsteadyFace(stream: FrameStream<number>, seed: number, total: number) {
  const random = randomStream(seed, "face");
  let [known, position]: [number[], StreamPosition | null] = [[], null];
  let resets = 0;
  while (known.length < total) {
    const line = new AbortController();
    let left = 1 + random.integer(4);
    for await (const frame of stream.watch(position, line.signal)) {
      if (frame.reset) {
        resets++;
        known = [...frame.events];
      } else known.push(...frame.events);
      position = frame.position;
      if (--left === 0 || known.length >= total) line.abort();
    }
    await pause(random.integer(20));
  }
  return { known, resets };
}

describe("frames", () => {
  it("reach faces that come and go without loss and without doubling, in order", async () => {
    const [all, total]: [number[], number] = [[], 600];
    const stream = new FrameStream<number>({ epoch: "one", frameMs: 3, snapshot: () => [...all] });
    const faces = [1, 2, 3, 4, 5].map((seed) => unsteadyFace(stream, seed, total));
    const random = randomStream(9, "pushes");
    while (all.length < total) {
      for (let burst = random.integer(12); burst >= 0 && all.length < total; burst--) {
        all.push(all.length);
        stream.push(all.length - 1);
      }
      await pause(random.integer(4));
    }
    for (const { known, resets } of await Promise.all(faces)) {
      expect(known).toEqual(all);
      expect(resets).toBe(1);
    }
    expect(stream.watchers).toBe(0);
  });

  it("answer with a snapshot when a face was away for too long, or the service started anew", async () => {
    const all: number[] = [];
    const stream = new FrameStream<number>({ epoch: "one", frameMs: 0, kept: 4, snapshot: () => [...all] });
    for (let i = 0; i < 10; i++) {
      all.push(i);
      stream.push(i);
      await pause(2);
    }
    const first = async (since: StreamPosition) => (await stream.watch(since).next()).value;
    expect(await first({ epoch: "one", seq: 2 })).toMatchObject({ reset: true, events: all });
    expect(await first({ epoch: "other", seq: 9 })).toMatchObject({ reset: true, events: all });
    expect(await first({ epoch: "one", seq: 99 })).toMatchObject({ reset: true });
    expect(await first({ epoch: "one", seq: 8 })).toMatchObject({ reset: false, events: [8] });
  });

  it("are at most 30 a second, whatever comes in", async () => {
    const stream = new FrameStream<number>({ epoch: "one", snapshot: () => [] });
    const line = new AbortController();
    let [frames, events] = [-1, 0];
    const watching = (async () => {
      for await (const frame of stream.watch(null, line.signal)) {
        frames++;
        events += frame.events.length;
      }
    })();
    const started = performance.now();
    let pushed = 0;
    while (performance.now() - started < 500) {
      stream.push(pushed++);
      await pause(0);
    }
    await pause(60);
    line.abort();
    await watching;
    expect(events).toBe(pushed);
    expect(frames).toBeGreaterThan(5);
    expect(frames).toBeLessThanOrEqual(18);
  });

  it("leave out only what a later event of the same name replaces", () => {
    const events = ["a1", "x", "b1", "a2", "y", "b2"];
    expect(keepLast(events, (event) => (/\d/.test(event) ? event.slice(0, 1) : null))).toEqual(["x", "a2", "y", "b2"]);
  });
});

const agent = (id: number): Pick<AgentIdentity, "id" | "row" | "column" | "label"> => ({
  id,
  row: 0,
  column: id,
  label: "good",
});

function societySnapshot(agents: number): RunSnapshot {
  return structuredClone({
    ...emptySnapshot,
    society: {
      agents: Array.from({ length: agents }, (_, id) => ({ agent: agent(id), move: "idle", peers: [], last: null })),
      rounds: [],
      recent: [],
      interactions: 0,
      ratings: [0, 0, 0, 0, 0, 0, 0],
    },
  });
}

function brief(round: number, id: number, rating: number): InteractionBrief {
  const scores = { alignment: rating, engagement: 1 };
  return {
    id: `r${round}-a${id}`,
    round,
    agent: id,
    question: "q",
    before: scores,
    after: scores,
    gain: 0,
    feedback: [],
    recalled: false,
    seconds: 1,
    completionTokens: 1,
  };
}

describe("a live run", () => {
  it("opened at any moment, its snapshot and the frames after it add up to the same state", async () => {
    const live = new LiveRun("one", societySnapshot(4));
    const random = randomStream(3, "events");
    const events = Array.from({ length: 300 }, (_, i): LiveEvent => {
      const id = random.integer(4);
      switch (random.integer(5)) {
        case 0:
          return { type: "interaction", interaction: brief(i, id, 1 + random.integer(7)) };
        case 1:
          return {
            type: "progress",
            stage: "society",
            done: i,
            total: 300,
            unit: "interactions",
            rate: null,
            secondsLeft: null,
          };
        case 2:
          return {
            type: "round",
            round: 1 + random.integer(5),
            alignment: i,
            engagement: i,
            recallShare: 0,
            unparsedRatings: 0,
          };
        case 3:
          return { type: "warning", message: `warning ${i}` };
        default:
          return { type: "move", agent: id, round: 1, move: "draft", peers: [] };
      }
    });
    const states: Promise<RunSnapshot>[] = [];
    const open = async (): Promise<RunSnapshot> => {
      let state = emptySnapshot;
      for await (const frame of live.watch(null))
        for (const event of frame.events) state = applyEvent(state, structuredClone(event));
      return state;
    };
    for (const event of events) {
      if (random.uniform() < 0.05) states.push(open());
      live.push(event);
      if (random.uniform() < 0.2) await pause(random.integer(40));
    }
    live.close();
    expect(states.length).toBeGreaterThan(5);
    for (const state of await Promise.all(states)) expect(state).toEqual(live.snapshot);
    expect(live.snapshot.society?.interactions).toBe(events.filter(({ type }) => type === "interaction").length);
  });

  it("that writes sample texts, and is stopped there, is as far as its steps say", async () => {
    const live = new LiveRun("one", emptySnapshot);
    const speed = { rate: 2, secondsLeft: 40 };
    const steps = { type: "progress", stage: "align", done: 40, total: 120, unit: "steps", ...speed } as const;
    const texts = (done: number) =>
      live.push({
        type: "progress",
        ...{ stage: "samples", done, total: 5, unit: "texts", rate: null, secondsLeft: null },
      });
    live.push(steps);
    texts(0);
    const { type: _, ...known } = steps;
    expect(live.snapshot.progress).toEqual({ ...known, stage: "samples", note: "writing 5 sample texts" });
    const frames = live.watch(null);
    expect((await frames.next()).value?.events[0]).toMatchObject({ snapshot: { progress: { done: 40, total: 120 } } });
    texts(5);
    expect(live.snapshot.progress).toEqual(known);
    // What a face is sent is what the service itself says.
    expect((await frames.next()).value?.events).toEqual([steps]);
    live.close();
  });
});

describe("moves of agents", () => {
  const move = (
    agentId: number,
    role: "draft" | "feedback" | "observer-before-alignment",
    begins: boolean,
    peer: number | null = null,
  ) => ({
    round: 2,
    agent: agentId,
    role,
    peer,
    begins,
  });

  it("show the peers that are asked, then the observer, then rest", () => {
    const moves = new AgentMoves();
    expect(moves.apply([move(1, "draft", true)])).toEqual([{ agent: 1, round: 2, move: "draft", peers: [] }]);
    const asked = [
      move(1, "draft", false),
      move(1, "feedback", true, 4),
      move(1, "feedback", true, 5),
      move(1, "observer-before-alignment", true),
    ];
    expect(moves.apply(asked)).toEqual([{ agent: 1, round: 2, move: "feedback", peers: [4, 5] }]);
    expect(moves.inFlight).toBe(3);
    expect(moves.apply([move(1, "feedback", false, 5)])[0]?.peers).toEqual([4]);
    expect(moves.apply([move(1, "feedback", false, 4)])[0]?.move).toBe("observer");
    expect(moves.apply([move(1, "observer-before-alignment", false)])[0]?.move).toBe("idle");
    expect(moves.inFlight).toBe(0);
  });
});
