import { describe, expect, it } from "vitest";
import { type JobState, type Progress, shareDone } from "../../../core/contract/workbench/runs.ts";
import { progressText } from "../../../renderer/jobs/progressText.ts";
import { type Lists, nameOfJob } from "../../../renderer/stores/lists.ts";

const progress = (rest: Partial<Progress> = {}): Progress => ({
  ...{ stage: "align", done: 1204, total: 2000, unit: "steps", rate: 2.06, secondsLeft: 380 },
  ...rest,
});
const said = (one: Progress | null, state: JobState = "running", waitsFor = "") =>
  progressText({ progress: one, state, waitsFor: waitsFor === "" ? null : waitsFor });

describe("the line of a job's progress", () => {
  it("says count, rate and time left, which loss, and every number with its thousands apart", () => {
    expect(said(progress({ loss: 0.22567, tokensPerSecond: 41_676.4 }))).toBe(
      "1,204 of 2,000 steps · 2.1 steps/s · 7 min left · loss of the last step 0.2257 · 41,676 tokens/s",
    );
    expect(said(progress({ rate: null, secondsLeft: null }))).toBe("1,204 of 2,000 steps · estimating the time left");
  });

  it("says what is done beside the steps while it is being done, and not after the run was stopped in it", () => {
    const aside = progress({ rate: null, secondsLeft: null, note: "writing 5 sample texts" });
    expect(said(aside)).toBe("1,204 of 2,000 steps · estimating the time left · writing 5 sample texts");
    expect(said(aside, "stopped")).toBe("1,204 of 2,000 steps · stopped");
    const known = progress({ loss: 0.5 });
    expect(said(progress({ loss: 0.5, tokensPerSecond: 900 }), "stopped"), "no speed where nothing moves").toBe(
      said(known, "stopped"),
    );
  });

  it("says which phase of how many a job made of others is in, and whose time is left", () => {
    const phase = { number: 3, of: 6, station: "align" as const, waitsFor: null };
    expect(said(progress({ phase, secondsLeft: 20 }))).toBe(
      "Phase 3 of 6: Align · 1,204 of 2,000 steps · 2.1 steps/s · 20 s left in this phase",
    );
    const uncounted = { done: 0, total: null, rate: null, secondsLeft: null };
    expect(said(progress({ phase, ...uncounted }))).toBe("Phase 3 of 6: Align");
    const waits = { ...progress({ ...uncounted, phase: { ...phase, waitsFor: "village-2" } }) };
    const line = progressText({ progress: waits, state: "running", waitsFor: null, phaseWaitsFor: "society “Mine”" });
    expect(line).toBe("Phase 3 of 6: Align · waiting for society “Mine”");
    expect([progress({ phase }), progress({ phase, ...uncounted }), progress(uncounted)].map(shareDone)).toEqual([
      (2 + 0.602) / 6,
      2 / 6,
      null,
    ]);
  });

  it("names what it waits for by kind and name; an id only where nothing more is known", () => {
    const run = { run: "village-2", kind: "align", name: "My training", experiment: null } as const;
    const lists = { loaded: true, runs: new Map([["village-2", run]]), jobs: new Map() } as unknown as Lists;
    expect(said(null, "waiting", nameOfJob(lists, "village-2") ?? "")).toBe("waiting for alignment “My training”");
    const station = { run: "demo-1/society", kind: "society", name: "demo-1/society", experiment: "demo-1" };
    const demo = { ...lists, runs: new Map([[station.run, station]]) } as unknown as Lists;
    expect(nameOfJob(demo, "demo-1/society")).toBe("society of demo-1");
    expect(nameOfJob(lists, "gone")).toBe("gone");
    expect(said(null, "waiting")).toBe("waiting for its turn");
  });
});
