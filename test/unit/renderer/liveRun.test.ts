import { describe, expect, it } from "vitest";
import type { InteractionBrief, LiveEvent, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { LiveRun } from "../../../renderer/jobs/liveRun.ts";

const brief = (agent: number, round: number, rating: number | null): InteractionBrief => ({
  id: `r${round}-a${agent}`,
  round,
  agent,
  question: "May I?",
  before: { alignment: 3, engagement: 4 },
  after: { alignment: rating, engagement: 4 },
  gain: rating === null ? null : rating - 3,
  feedback: [],
  recalled: false,
  seconds: 1,
  completionTokens: 10,
});

function snapshot(agents = 4): RunSnapshot {
  return {
    state: "running",
    error: null,
    waitsFor: null,
    actions: ["pause", "stop"],
    progress: null,
    warnings: [],
    result: null,
    society: {
      agents: Array.from({ length: agents }, (_, id) => ({
        agent: { id, row: 0, column: id, label: "good" as const },
        move: "idle" as const,
        peers: [],
        last: null,
      })),
      rounds: [],
      recent: [],
      interactions: 0,
      ratings: [0, 0, 0, 0, 0, 0, 0],
    },
    align: null,
    demo: null,
  };
}

let seq = 0;
const frame = (...events: LiveEvent[]) => ({
  position: { epoch: "e", seq: ++seq },
  reset: events[0]?.type === "snapshot",
  events,
});

function running(): LiveRun {
  const run = new LiveRun();
  run.apply(frame({ type: "snapshot", snapshot: snapshot() }));
  return run;
}

describe("a live run", () => {
  it("counts every interaction once, whatever is sent twice after a broken line", () => {
    const run = running();
    const event = { type: "interaction", interaction: brief(2, 1, 6) } as const;
    run.apply(frame(event));
    run.apply(frame(event));
    expect(run.snapshot?.society).toMatchObject({ interactions: 1, ratings: [0, 0, 0, 0, 0, 1, 0] });
    expect(run.snapshot?.society?.agents[2]?.last?.id).toBe("r1-a2");
  });

  it("leaves unreadable ratings out of the distribution", () => {
    const run = running();
    run.apply(frame({ type: "interaction", interaction: brief(0, 1, null) }));
    expect(run.snapshot?.society?.ratings).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(run.snapshot?.society?.interactions).toBe(1);
  });

  it("keeps a bounded list of the latest interactions through a whole night", () => {
    const run = running();
    for (let round = 1; round <= 5000; round++)
      run.apply(frame({ type: "interaction", interaction: brief(round % 4, round, 5) }));
    expect(run.snapshot?.society?.recent.length).toBe(200);
    expect(run.snapshot?.society?.recent.at(-1)?.round).toBe(5000);
    expect(run.snapshot?.society?.interactions).toBe(5000);
  });

  it("stops every move when the run ends, so that no agent seems to work for ever", () => {
    const run = running();
    run.apply(frame({ type: "move", agent: 1, round: 1, move: "feedback", peers: [0, 2] }));
    expect(run.snapshot?.society?.agents[1]).toMatchObject({ move: "feedback", peers: [0, 2] });
    run.apply(frame({ type: "state", state: "stopped", error: null, waitsFor: null, actions: ["resume"] }));
    expect(run.snapshot?.society?.agents.every((agent) => agent.move === "idle" && agent.peers.length === 0)).toBe(
      true,
    );
  });

  it("replaces everything on a reset and tells who draws curves to ask again", () => {
    const run = running();
    run.apply(frame({ type: "interaction", interaction: brief(0, 1, 4) }));
    let resets = 0;
    run.listen({ reset: () => resets++ });
    run.apply(frame({ type: "snapshot", snapshot: snapshot(9) }));
    expect(resets).toBe(1);
    expect(run.snapshot?.society?.agents.length).toBe(9);
    expect(run.snapshot?.society?.interactions).toBe(0);
  });

  it("never changes the frame that it was given", () => {
    const given = snapshot();
    const run = new LiveRun();
    run.apply(frame({ type: "snapshot", snapshot: given }));
    run.apply(frame({ type: "move", agent: 0, round: 1, move: "draft", peers: [] }));
    expect(given.society?.agents[0]?.move).toBe("idle");
  });

  it("corrects a round that is told again instead of adding it", () => {
    const run = running();
    const round = { type: "round", round: 1, alignment: 4, engagement: 4, recallShare: 0, unparsedRatings: 0 } as const;
    run.apply(frame(round));
    run.apply(frame({ ...round, alignment: 5 }));
    expect(run.snapshot?.society?.rounds).toEqual([
      { round: 1, alignment: 5, engagement: 4, recallShare: 0, unparsedRatings: 0 },
    ]);
  });

  it("passes over events of another kind of run and of agents that do not exist", () => {
    const run = running();
    run.apply(
      frame(
        { type: "evaluation", step: 1, loss: 1, accuracy: null },
        { type: "checkpoint", step: 1, at: 0 },
        { type: "move", agent: 99, round: 1, move: "draft", peers: [] },
        { type: "interaction", interaction: brief(99, 1, 5) },
      ),
    );
    expect(run.snapshot?.align).toBeNull();
    expect(run.snapshot?.society?.interactions).toBe(1);
  });
});
