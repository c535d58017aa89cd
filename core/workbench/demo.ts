/**
 * The demo experiment as one job: society → data → align → evaluate → exports, each station a run or job of its own
 * that can be watched alone. A demo that was stopped goes on where it was.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FolkmootError } from "../contract/errors.ts";
import { type Progress, type RunSnapshot, type Station, stations } from "../contract/workbench/runs.ts";
import { type ExperimentPlan, planExperiment } from "../experiment/planExperiment.ts";
import type { Experiment } from "../experiment/readExperiment.ts";
import { writeJsonAtomic } from "../workspace/atomicFile.ts";
import type { DataFiles } from "./data.ts";
import { type Exports, exportJobId } from "./exports.ts";
import type { Job, JobContext } from "./job.ts";
import { emptySnapshot, LiveRun } from "./liveRun.ts";
import type { Runs } from "./runs.ts";
import type { Services } from "./services.ts";

export interface DemoParts {
  readonly services: Services;
  readonly runs: Runs;
  readonly data: DataFiles;
  readonly exports: Exports;
  readonly experiment: Experiment | null;
}

export class Demo {
  private readonly parts: DemoParts;

  constructor(parts: DemoParts) {
    this.parts = parts;
  }

  /** @throws FolkmootError `data-not-found` when no demo came along; `bad-setting`; `device-busy`. */
  start(size: string, seed: number): Job {
    const { services } = this.parts;
    const plan = planOf(this.experiment(), { size, seed, folder: services.workspace.path });
    const waiting = stations.map((station) => ({ station, state: "waiting" as const, job: null, seconds: null }));
    let current: string | null = null;
    return services.jobs.start({
      id: plan.id,
      kind: "demo",
      name: `Demo: ${plan.name}, ${size}, seed ${seed}`,
      run: () => current,
      side: null,
      live: new LiveRun(services.epoch, { ...emptySnapshot, demo: { stations: waiting } }),
      work: (context) =>
        this.visit(plan, context, (run) => {
          current = run;
        }),
    });
  }

  /** What a finished demo came to; null before. */
  async results(id: string): Promise<Record<string, unknown> | null> {
    const path = join(this.parts.services.workspace.runs, id, "results.json");
    const text = await readFile(path, "utf8").catch(() => null);
    return text === null ? null : z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  }

  private experiment(): Experiment {
    if (this.parts.experiment !== null) return this.parts.experiment;
    throw new FolkmootError("data-not-found", {
      message: "The demo is not part of this copy of Folkmoot.",
      reason: "Its experiment or its model is missing from resources.",
      action: "Restore the resources folder from the repository.",
    });
  }

  private async visit(plan: Plan, context: JobContext, onRun: (run: string) => void): Promise<Record<string, unknown>> {
    const { runs, data, exports, services } = this.parts;
    const station = async <T>(name: Station, job: string | null, work: (say: Say) => Promise<T>): Promise<T> => {
      const started = services.now();
      context.push({ type: "station", station: name, state: "running", job, seconds: null });
      const phase = { number: stations.indexOf(name) + 1, of: stations.length, station: name };
      const say: Say = (progress, waitsFor) =>
        context.push({ type: "progress", ...progress, phase: { ...phase, waitsFor } });
      say(notCounted, null);
      const result = await work(say);
      const seconds = (services.now() - started) / 1000;
      context.push({ type: "station", station: name, state: "finished", job, seconds });
      return result;
    };
    const run = (name: Station, key: string, config: Parameters<Runs["start"]>[0]) =>
      station(name, key, async (say) => {
        onRun(key);
        return follow((await runs.start(config, undefined, key)).job, context.signal, say);
      });
    const write = async (name: Station, request: Parameters<Exports["start"]>[0]) =>
      station(name, exportJobId(request), async (say) =>
        follow((await exports.start(request)).job, context.signal, say),
      );
    // Listed as if a person had added it: what comes out of the demo is then found under its model, and can be gone on with.
    await services.library.add(plan.model);
    const society = await run("society", plan.runs.society, plan.society);
    const rows = await station("data", null, () => data.build([plan.runs.society], plan.data, plan.id, plan.dataFile));
    const align = await run("align", plan.runs.align, plan.align);
    const adapter = z.string().parse(align.adapter);
    const evaluation = await run("evaluate", plan.runs.evaluation, { ...plan.evaluation, adapter });
    const exportedAdapter = await write("exportAdapter", {
      kind: "adapter",
      run: plan.runs.align,
      checkpoint: "last",
    });
    const merged = await write("exportMerged", {
      kind: "merged",
      run: plan.runs.align,
      checkpoint: "last",
      type: plan.mergedType,
    });
    const results = {
      version: 1,
      experiment: plan.name,
      size: plan.size,
      seed: plan.seed,
      society,
      rows: { total: rows.rows, ...rows.kinds },
      align,
      evaluation,
      exports: { adapter: exportedAdapter, merged },
    };
    await writeJsonAtomic(join(services.workspace.runs, plan.id, "results.json"), results);
    return results;
  }
}

/** Takes how far a station is, and which job it waits for. */
type Say = (progress: Progress, waitsFor: string | null) => void;

/** Of a station that has said nothing yet. */
const notCounted: Progress = { stage: "demo", done: 0, total: null, unit: "parts", rate: null, secondsLeft: null };

/**
 * Waits for a station and passes on what it says of its progress; stopping the demo stops it.
 * @throws FolkmootError what it failed with; `cancelled`
 */
async function follow(job: Job, signal: AbortSignal, say: Say): Promise<Record<string, unknown>> {
  const stop = () => job.requestStop();
  const ended = new AbortController();
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  const listening = listen(job, say, ended.signal);
  try {
    await job.done;
  } finally {
    signal.removeEventListener("abort", stop);
    ended.abort();
    await listening;
  }
  if (job.error !== null) throw job.error;
  const { result } = job.spec.live.snapshot;
  if (job.state === "finished" && result !== null) return result;
  throw new FolkmootError("cancelled", {
    message: `${job.spec.name} was stopped.`,
    action: "Start the demo again: it goes on where it was.",
  });
}

/** Ends with the signal, or with the stream. */
async function listen({ spec: { live } }: Job, say: Say, ended: AbortSignal): Promise<void> {
  let last: Pick<RunSnapshot, "progress" | "waitsFor"> = { progress: null, waitsFor: null };
  const look = () => {
    const { progress, waitsFor } = live.snapshot;
    if (progress !== last.progress || waitsFor !== last.waitsFor) say(progress ?? notCounted, waitsFor);
    last = { progress, waitsFor };
  };
  for await (const _ of live.watch(null, ended)) look();
  // What came after the last frame.
  look();
}

interface Plan extends ExperimentPlan {
  readonly id: string;
  /** Name of the file of alignment rows in the workspace. */
  readonly dataFile: string;
  readonly runs: Readonly<Record<"society" | "align" | "evaluation", string>>;
}

function planOf(experiment: Experiment, { size, seed, folder }: { size: string; seed: number; folder: string }): Plan {
  const id = `demo-${size}-seed${seed}`;
  const dataFile = `${id}.jsonl`;
  return {
    ...planExperiment(experiment, { size, seed, data: join(folder, "data", dataFile) }),
    id,
    dataFile,
    runs: { society: `${id}/society`, align: `${id}/align`, evaluation: `${id}/evaluation` },
  };
}
