import { describe, expect, it } from "vitest";
import type { JobState, JobSummary, ListFrame, RunSummary } from "../../../core/contract/workbench/runs.ts";
import { endOf, LiveJobs } from "../../../electron/liveJobs.ts";
import { closeQuestion, quitQuestion } from "../../../electron/quitGuard.ts";

const progress = (done: number, total: number | null) => ({
  stage: "s",
  done,
  total,
  unit: "steps",
  rate: null,
  secondsLeft: null,
});

function run(name: string, state: JobState, rest: Partial<RunSummary> = {}): RunSummary {
  return {
    run: name,
    kind: "society",
    name,
    directory: `/w/runs/${name}`,
    state,
    error: null,
    waitsFor: null,
    actions: [],
    created: 0,
    updated: 0,
    progress: null,
    model: "m.gguf",
    headline: "",
    figures: {},
    experiment: null,
    ...rest,
  };
}

const demo = (state: JobState): JobSummary => ({
  job: "demo-1",
  kind: "demo",
  name: "Demo",
  state,
  error: null,
  waitsFor: null,
  actions: [],
  progress: null,
  started: 0,
  ended: null,
  run: null,
});

const frame = (parts: Partial<ListFrame>): ListFrame => ({
  position: { epoch: "e", seq: 0 },
  reset: false,
  runs: [],
  removed: [],
  jobs: [],
  ...parts,
});

describe("live jobs", () => {
  it("says which ended, once, and only of those that were live", () => {
    const jobs = new LiveJobs();
    expect(jobs.apply(frame({ reset: true, runs: [run("old", "finished"), run("a", "running")] }))).toEqual([]);
    expect(jobs.apply(frame({ runs: [run("a", "running", { progress: progress(1, 2) })] }))).toEqual([]);
    expect(jobs.apply(frame({ runs: [run("a", "finished")] })).map(({ id }) => id)).toEqual(["a"]);
    expect(jobs.apply(frame({ runs: [run("a", "finished")] }))).toEqual([]);
  });

  it("forgets what a reset does not name, and what was removed", () => {
    const jobs = new LiveJobs();
    jobs.apply(frame({ reset: true, runs: [run("a", "running"), run("b", "running")] }));
    jobs.apply(frame({ removed: ["a"] }));
    expect(jobs.busy().map(({ id }) => id)).toEqual(["b"]);
    jobs.apply(frame({ reset: true, runs: [run("c", "waiting")] }));
    expect(jobs.busy().map(({ id }) => id)).toEqual(["c"]);
  });

  it("counts a demo once, not its stations as well", () => {
    const jobs = new LiveJobs();
    const station = (state: JobState) => run("demo-1/society", state, { experiment: "demo-1" });
    jobs.apply(frame({ reset: true, runs: [station("running")], jobs: [demo("running")] }));
    expect(jobs.busy().map(({ name }) => name)).toEqual(["Demo"]);
    expect(jobs.apply(frame({ runs: [station("finished")] }))).toEqual([]);
    expect(jobs.apply(frame({ jobs: [demo("finished")] })).map(({ name }) => name)).toEqual(["Demo"]);
    // A station that is resumed later is a job of its own.
    jobs.apply(frame({ runs: [station("running")] }));
    expect(jobs.busy().map(({ id }) => id)).toEqual(["demo-1/society"]);
  });

  it.each<[JobState, boolean]>([
    ["waiting", true],
    ["running", true],
    ["pausing", true],
    ["stopping", true],
    ["paused", false],
    ["stopped", false],
    ["failed", false],
    ["finished", false],
  ])("a job that is %s loses time by quitting: %s", (state, busy) => {
    const jobs = new LiveJobs();
    jobs.apply(frame({ reset: true, runs: [run("a", state)] }));
    expect(jobs.busy().length > 0).toBe(busy);
  });

  it("gives the taskbar the mean of what is known", () => {
    const jobs = new LiveJobs();
    expect(jobs.taskbar()).toEqual({ mode: "none", value: 0 });
    jobs.apply(frame({ reset: true, runs: [run("a", "running", { progress: progress(1, 4) }), run("b", "waiting")] }));
    expect(jobs.taskbar()).toEqual({ mode: "normal", value: 0.25 });
    jobs.apply(frame({ runs: [run("b", "running", { progress: progress(9, 4) })] }));
    expect(jobs.taskbar()).toEqual({ mode: "normal", value: 0.625 });
    jobs.apply(frame({ reset: true, runs: [run("a", "running", { progress: progress(1, null) })] }));
    expect(jobs.taskbar()).toEqual({ mode: "indeterminate", value: 0 });
    jobs.apply(frame({ reset: true, runs: [run("a", "paused", { progress: progress(1, 2) })] }));
    expect(jobs.taskbar()).toEqual({ mode: "paused", value: 0.5 });
  });

  it("tells the end that nobody asked for, with its reason, and not the one that a person did", () => {
    const jobs = new LiveJobs();
    jobs.apply(frame({ reset: true, runs: [run("a", "running"), run("b", "running"), run("c", "running")] }));
    const error = { code: "disk-full" as const, message: "No space is left.", action: "Free some." };
    const ended = jobs.apply(
      frame({ runs: [run("a", "finished"), run("b", "failed", { error }), run("c", "stopped")] }),
    );
    expect(ended.map(endOf)).toEqual([
      { title: "a has finished", body: expect.any(String) },
      { title: "b has failed", body: "No space is left." },
      null,
    ]);
  });
});

describe("questions", () => {
  const job = (name: string) => ({
    id: name,
    name,
    kind: "align" as const,
    state: "running" as const,
    progress: null,
    message: null,
  });

  it("have the harmless answer as default, and for Escape", () => {
    const close = closeQuestion.box([job("a")]);
    expect(close.buttons?.[close.defaultId ?? -1]).toBe("Close and keep running");
    expect(closeQuestion.choice(close.cancelId ?? -1)).toBe("cancel");
    const quit = quitQuestion.box([job("a")]);
    expect(quitQuestion.choice(quit.defaultId ?? -1)).toBe("cancel");
    expect(quitQuestion.choice(quit.cancelId ?? -1)).toBe("cancel");
  });

  it("map every button to what it says, and a closed box to nothing lost", () => {
    const labels = closeQuestion.box([job("a")]).buttons ?? [];
    expect(labels.map((_, index) => closeQuestion.choice(index))).toEqual(["keep-running", "stop", "cancel"]);
    const quit = quitQuestion.box([job("a")]).buttons ?? [];
    expect(quit.map((_, index) => quitQuestion.choice(index))).toEqual(["cancel", "stop"]);
    expect([closeQuestion.choice(-1), quitQuestion.choice(99)]).toEqual(["cancel", "cancel"]);
  });

  it("name a few jobs and count the rest", () => {
    const box = quitQuestion.box(["a", "b", "c", "d", "e"].map(job));
    expect(box.message).toContain("5 jobs are still running");
    expect(box.detail).toContain("a, b, c and 2 more");
  });
});
