import { describe, expect, it } from "vitest";
import { FolkmootError } from "../../../core/contract/errors.ts";
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";
import { formatRoute, parseRoute } from "../../../renderer/app/route.ts";
import { mergeDerived } from "../../../renderer/forms/derived.ts";
import { problemFromError, problemOf, settingAt, withSetting } from "../../../renderer/forms/settings.ts";
import { correctionChanges } from "../../../renderer/screens/dialogues/corrections.ts";
import { everything, parseFilter, parsePath, pathTo } from "../../../renderer/screens/dialogues/query.ts";
import { afterEvent, brokenOff, newTurn } from "../../../renderer/screens/evaluate/chatTurns.ts";
import { sortRuns } from "../../../renderer/screens/home/sortRuns.ts";
import { FaceMemory } from "../../../renderer/stores/face.ts";
import { activities, applyListFrame, type Lists } from "../../../renderer/stores/lists.ts";
import { Toasts } from "../../../renderer/stores/toasts.ts";

const run = (name: string, rest: Partial<RunSummary> = {}): RunSummary => ({
  run: name,
  kind: "society",
  name,
  directory: `/w/runs/${name}`,
  state: "running",
  error: null,
  waitsFor: null,
  actions: [],
  created: 1,
  updated: 1,
  progress: null,
  model: "/m.gguf",
  headline: "",
  figures: {},
  experiment: null,
  ...rest,
});

const empty: Lists = { loaded: false, runs: new Map(), jobs: new Map() };
const frame = (rest: object) => ({
  position: { epoch: "e", seq: 1 },
  reset: false,
  runs: [],
  removed: [],
  jobs: [],
  ...rest,
});

describe("lists", () => {
  it("take deltas, removals and resets", () => {
    const one = applyListFrame(empty, frame({ reset: true, runs: [run("a"), run("b")] }));
    const two = applyListFrame(one, frame({ runs: [run("a", { state: "finished" })], removed: ["b"] }));
    expect([...two.runs.keys()]).toEqual(["a"]);
    expect(two.runs.get("a")?.state).toBe("finished");
    expect([...applyListFrame(two, frame({ reset: true, runs: [run("c")] })).runs.keys()]).toEqual(["c"]);
  });

  it("show a demo as one job and not its runs beside it", () => {
    const demo = {
      job: "demo-small",
      kind: "demo" as const,
      name: "Demo",
      state: "running" as const,
      error: null,
      waitsFor: null,
      actions: [],
      progress: null,
      started: 1,
      ended: null,
      run: null,
    };
    const lists = applyListFrame(
      empty,
      frame({ reset: true, runs: [run("demo-small/society", { experiment: "demo-small" }), run("own")], jobs: [demo] }),
    );
    expect(activities(lists).map((activity) => activity.job)).toEqual(["demo-small", "own"]);
  });

  it("sort by any column without losing a run", () => {
    const runs = [run("b", { updated: 3 }), run("a", { updated: 1 }), run("c", { updated: 2 })];
    expect(sortRuns(runs, { by: "name", direction: "ascending" }).map((one) => one.run)).toEqual(["a", "b", "c"]);
    expect(sortRuns(runs, { by: "updated", direction: "descending" }).map((one) => one.run)).toEqual(["b", "c", "a"]);
  });
});

describe("what the window finds again", () => {
  it("is written once after many changes, with the last values", () => {
    const written: Record<string, unknown>[] = [];
    const due: (() => void)[] = [];
    const face = new FaceMemory(
      (changes) => written.push(changes),
      (_, action) => due.push(action),
    );
    for (let width = 100; width < 200; width++) face.set("panes", width);
    face.set("theme", 1);
    expect(written).toEqual([]);
    for (const action of due) action();
    expect(written).toEqual([{ panes: 199, theme: 1 }]);
    face.flush();
    expect(written.length).toBe(1);
  });

  it("keeps what was changed before the old state came in", () => {
    const face = new FaceMemory(
      () => {},
      () => {},
    );
    face.set("sort", "new");
    face.restore({ sort: "old", filter: "kept" });
    expect(face.store.getState()).toEqual({ sort: "new", filter: "kept" });
  });
});

describe("messages", () => {
  it("go by themselves, errors stay, and the same error stands once", () => {
    const due: (() => void)[] = [];
    const toasts = new Toasts((_, action) => due.push(action));
    const error = new FolkmootError("disk-full", { message: "Full.", action: "Free some space." });
    toasts.say("Done.");
    toasts.error(error);
    toasts.error(error);
    expect(toasts.store.getState().map((toast) => toast.message)).toEqual(["Done.", "Full."]);
    for (const action of due) action();
    expect(toasts.store.getState().map((toast) => toast.message)).toEqual(["Full."]);
  });
});

describe("addresses", () => {
  it("hold names of runs with slashes and come back the same", () => {
    const hash = formatRoute("dialogues", "demo-small/society", "r1-a2");
    expect(parseRoute(hash)).toEqual({ screen: "dialogues", path: ["demo-small/society", "r1-a2"] });
  });

  it("lead home when they make no sense", () => {
    for (const hash of ["", "#", "#/nowhere/x", "#/%E0%A4%A", "#/settings2"])
      expect(parseRoute(hash).screen).toBe("home");
  });

  it("name a dialogue in all runs and in one", () => {
    const target = { run: "a/b", id: "r1-a1" };
    for (const filter of ["a/b", null]) expect(parsePath(pathTo(filter, target))).toEqual({ run: filter, target });
    expect(parsePath([])).toEqual({ run: null, target: null });
  });
});

describe("forms", () => {
  it("change one value and leave everything else, lists included", () => {
    const draft = { grid: { rows: 4, columns: 4 }, populations: [{ model: "a" }, { model: "b" }] };
    const next = withSetting(withSetting(draft, "grid.rows", 8), "populations.1.model", "c");
    expect(next).toEqual({ grid: { rows: 8, columns: 4 }, populations: [{ model: "a" }, { model: "c" }] });
    expect(draft.grid.rows).toBe(4);
    expect(settingAt(next, "populations.1.model")).toBe("c");
    expect(settingAt(next, "world.goodShare")).toBeUndefined();
  });

  it("lead a refused start to its field", () => {
    const error = new FolkmootError("bad-setting", {
      message: "peers is larger than the neighbourhood.",
      action: "Ask at most 3.",
      details: { setting: "peers" },
    });
    const problem = problemFromError(error);
    expect(problemOf(problem === null ? [] : [problem], "peers")).toContain("Ask at most 3.");
    expect(problemOf(problem === null ? [] : [problem], "rounds")).toBeUndefined();
    expect(problemFromError(new FolkmootError("disk-full", { message: "", action: "" }))).toBeNull();
  });

  it("derive defaults around what a person changed", () => {
    const merged = mergeDerived(
      { model: "m", data: "d", lora: { rank: 64, alpha: 16 }, epochs: 2 },
      { lora: { rank: 8, alpha: 32 }, epochs: 5 },
      new Set(["lora.rank"]),
    );
    expect(merged).toEqual({ model: "m", data: "d", lora: { rank: 64, alpha: 32 }, epochs: 5 });
  });
});

describe("dialogues", () => {
  it("forget a filter that no longer fits instead of failing", () => {
    expect(parseFilter({ gain: { from: "much" } })).toEqual(everything);
    expect(parseFilter({ ...everything, runs: ["old"], text: "key" })).toEqual({ ...everything, text: "key" });
  });

  it("ask only for corrections that are different, and can take each back", () => {
    const known = { excluded: false, tags: [], note: "old", ratings: { before: null, after: 5 }, answer: null };
    expect(correctionChanges(known, { before: null, after: 5, answer: null, note: "old" })).toEqual([]);
    expect(correctionChanges(known, { before: 2, after: null, answer: "Ask first.", note: null })).toEqual([
      { kind: "rating", which: "before", rating: 2 },
      { kind: "rating", which: "after", rating: null },
      { kind: "answer", text: "Ask first." },
      { kind: "note", text: null },
    ]);
  });
});

describe("two-sided chat", () => {
  it("keeps the sides apart while both write, and closes what a broken line leaves open", () => {
    let turn = newTurn(1, "May I?");
    turn = afterEvent(turn, { type: "text", side: "base", text: "Ke" });
    turn = afterEvent(turn, { type: "text", side: "aligned", text: "Give" });
    turn = afterEvent(turn, { type: "text", side: "base", text: "ep." });
    turn = afterEvent(turn, {
      type: "end",
      side: "base",
      promptTokens: 1,
      completionTokens: 2,
      seconds: 1,
      reason: "end",
    });
    const broken = brokenOff(turn);
    expect(broken.answers.base).toMatchObject({ text: "Keep.", end: { reason: "end" } });
    expect(broken.answers.aligned).toMatchObject({ text: "Give", end: { reason: "stopped" } });
  });
});
