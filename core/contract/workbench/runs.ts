/** The list of runs and jobs, and the live stream of one of them. */
import { eventIterator } from "@orpc/contract";
import { z } from "zod";
import { alignConfig, metricsLine } from "../alignment.ts";
import { evaluationConfig } from "../evaluation.ts";
import { progressEvent } from "../events.ts";
import { agentIdentity } from "../interaction.ts";
import { serializedError } from "../jobs.ts";
import { societyConfig } from "../society.ts";
import { procedure, runKey, streamPosition, undoable } from "./common.ts";

export const runKinds = ["society", "align", "evaluation"] as const;
export const jobKinds = [...runKinds, "export", "demo"] as const;

/**
 * - `waiting`: its turn has not come (`waitsFor` names the job before it)
 * - `running`; `pausing`: calls in flight finish; `paused`; `stopping`
 * - `stopped`: ended early, everything finished is kept, can be resumed
 * - `failed`: ended by an error (`error`), can be resumed unless the error says otherwise
 * - `finished`
 */
export const jobStates = [
  "waiting",
  "running",
  "pausing",
  "paused",
  "stopping",
  "stopped",
  "failed",
  "finished",
] as const;
export type JobState = (typeof jobStates)[number];

export const jobActions = ["pause", "resume", "step", "stop"] as const;
export type JobAction = (typeof jobActions)[number];

/** A job's name: the run's key for runs, `<run>:export-…` for exports, the experiment's folder for a demo. */
export const jobId = z.string().min(1).max(240);

export const stations = ["society", "data", "align", "evaluate", "exportAdapter", "exportMerged"] as const;
export type Station = (typeof stations)[number];

/** `phase`: of a job made of others, the one at work, from 1; done, total, rate and time left are those of that one. */
const jobProgressEvent = progressEvent.extend({
  phase: z
    .object({
      number: z.number().int(),
      of: z.number().int(),
      station: z.enum(stations),
      /** Job whose end it waits for; null while it is at work. */
      waitsFor: z.string().nullable(),
    })
    .optional(),
});
export const progress = jobProgressEvent.omit({ type: true });
export type Progress = z.infer<typeof progress>;

/** Share of the whole job that is done, 0-1, each phase counting the same; null where its end is not known. */
export function shareDone({ done, total, phase }: Progress): number | null {
  const share = total === null || total <= 0 ? null : Math.min(1, done / total);
  return phase === undefined ? share : (phase.number - 1 + (share ?? 0)) / phase.of;
}

export const runSummary = z.object({
  run: runKey,
  kind: z.enum(runKinds),
  /** What a person calls it; the key until it is renamed. */
  name: z.string(),
  directory: z.string(),
  state: z.enum(jobStates),
  error: serializedError.nullable(),
  /** Job whose end a waiting run waits for. */
  waitsFor: z.string().nullable(),
  /** What can be asked of it now: with `jobs.control`, or `jobs.resume` for a run that is not live. */
  actions: z.array(z.enum(jobActions)),
  created: z.number(),
  /** Last change of its files. */
  updated: z.number(),
  /** Null until known. */
  progress: progress.nullable(),
  /** Path of the GGUF (the first of several). */
  model: z.string(),
  /** Short facts for a table row, e.g. `4×4, half good, 4 rounds`. */
  headline: z.string(),
  /** Last figures of what the run is about; keys by kind: society `alignment`, `engagement`; align `loss`, a mean over the last `lossWindow` steps; evaluation `base`, `aligned` (good shares). */
  figures: z.record(z.string(), z.number().nullable()),
  /** Folder of the experiment that it belongs to, e.g. `demo-small-seed1`; null for a run of its own. */
  experiment: z.string().nullable(),
});
export type RunSummary = z.infer<typeof runSummary>;

/** A job that is no run directory: an export or a whole demo. Gone when the service ends. */
export const jobSummary = z.object({
  job: jobId,
  kind: z.enum(jobKinds),
  name: z.string(),
  state: z.enum(jobStates),
  error: serializedError.nullable(),
  waitsFor: z.string().nullable(),
  actions: z.array(z.enum(jobActions)),
  progress: progress.nullable(),
  started: z.number(),
  ended: z.number().nullable(),
  /** Run that it works on (export) or that its current station writes (demo). */
  run: runKey.nullable(),
});
export type JobSummary = z.infer<typeof jobSummary>;

/** Deltas of the lists; after `reset` they are the whole lists. */
export const listFrame = z.object({
  position: streamPosition,
  reset: z.boolean(),
  runs: z.array(runSummary),
  /** Runs that are no longer there. */
  removed: z.array(runKey),
  /** Jobs that are no run: exports, demos. */
  jobs: z.array(jobSummary),
});
export type ListFrame = z.infer<typeof listFrame>;

/** What an agent does at the moment; `observer` = its answer is being scored, `idle` = nothing in flight. */
export const agentMoves = ["idle", "draft", "feedback", "revision", "observer"] as const;
export type AgentMove = (typeof agentMoves)[number];

/** Observer's ratings of an answer, 1-7; null when they could not be read. */
const scores = z.object({ alignment: z.number().nullable(), engagement: z.number().nullable() });

/** A finished interaction in brief; the whole record is `dialogues.get`. */
export const interactionBrief = z.object({
  id: z.string(),
  round: z.number().int(),
  agent: z.number().int(),
  question: z.string(),
  before: scores,
  after: scores,
  /** after − before of alignment; null without both. */
  gain: z.number().nullable(),
  /** Peers that gave feedback, with their ratings. */
  feedback: z.array(z.object({ peer: z.number().int(), rating: z.number().nullable() })),
  recalled: z.boolean(),
  seconds: z.number(),
  completionTokens: z.number().int(),
});
export type InteractionBrief = z.infer<typeof interactionBrief>;

export const roundBrief = z.object({
  round: z.number().int(),
  alignment: z.number().nullable(),
  engagement: z.number().nullable(),
  /** Share of drafts for which a memory was recalled, 0-1. */
  recallShare: z.number(),
  unparsedRatings: z.number().int(),
});
export type RoundBrief = z.infer<typeof roundBrief>;

export const evaluationPoint = z.object({
  step: z.number().int(),
  loss: z.number(),
  accuracy: z.number().nullable(),
});

export const checkpointBrief = z.object({ step: z.number().int(), at: z.number() });

export const stationState = z.object({
  station: z.enum(stations),
  state: z.enum(["waiting", "running", "finished"]),
  /** Job to watch for the details of the station; null for `data`. */
  job: jobId.nullable(),
  seconds: z.number().nullable(),
});

export const agentState = z.object({
  agent: agentIdentity.pick({ id: true, row: true, column: true, label: true }),
  move: z.enum(agentMoves),
  /** With `feedback`: who is being asked. */
  peers: z.array(z.number().int()),
  /** Of its last finished interaction; null before. */
  last: interactionBrief.nullable(),
});
export type AgentState = z.infer<typeof agentState>;

/** Everything that a face needs to draw a run as it stands; the frames after it are deltas on it. */
export const runSnapshot = z.object({
  state: z.enum(jobStates),
  error: serializedError.nullable(),
  waitsFor: z.string().nullable(),
  actions: z.array(z.enum(jobActions)),
  progress: progress.nullable(),
  warnings: z.array(z.string()),
  /** What `finished` carried; null before the end. */
  result: z.record(z.string(), z.unknown()).nullable(),
  society: z
    .object({
      agents: z.array(agentState),
      rounds: z.array(roundBrief),
      /** Last finished interactions, newest last, at most 200. */
      recent: z.array(interactionBrief),
      /** Finished, over the whole run. */
      interactions: z.number().int(),
      /** Counts of the observer's alignment ratings of revisions, index 0 = rating 1. */
      ratings: z.array(z.number().int()).length(7),
    })
    .nullable(),
  align: z
    .object({
      /** Last step in metrics.jsonl; the curves up to it are `align.metrics`. */
      step: z.number().int(),
      evaluations: z.array(evaluationPoint),
      checkpoints: z.array(checkpointBrief),
    })
    .nullable(),
  demo: z.object({ stations: z.array(stationState) }).nullable(),
});
export type RunSnapshot = z.infer<typeof runSnapshot>;

/** One change. Within a frame, of several moves of one agent only the last is sent, of several progresses the last. */
export const liveEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), snapshot: runSnapshot }),
  z.object({
    type: z.literal("state"),
    state: z.enum(jobStates),
    error: serializedError.nullable(),
    waitsFor: z.string().nullable(),
    actions: z.array(z.enum(jobActions)),
  }),
  jobProgressEvent,
  z.object({
    type: z.literal("move"),
    agent: z.number().int(),
    round: z.number().int(),
    move: z.enum(agentMoves),
    peers: z.array(z.number().int()),
  }),
  z.object({ type: z.literal("interaction"), interaction: interactionBrief }),
  roundBrief.extend({ type: z.literal("round") }),
  z.object({ type: z.literal("metrics"), line: metricsLine, seconds: z.number() }),
  evaluationPoint.extend({ type: z.literal("evaluation") }),
  checkpointBrief.extend({ type: z.literal("checkpoint") }),
  stationState.extend({ type: z.literal("station") }),
  z.object({ type: z.literal("warning"), message: z.string() }),
  /** What the service did by itself: a model unloaded for training, a host started again. */
  z.object({ type: z.literal("notice"), message: z.string() }),
  z.object({ type: z.literal("finished"), result: z.record(z.string(), z.unknown()) }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;

/** At most 30 a second. `reset`: the first event is a snapshot that replaces everything known. */
export const jobFrame = z.object({ position: streamPosition, reset: z.boolean(), events: z.array(liveEvent) });
export type JobFrame = z.infer<typeof jobFrame>;

export const runDetails = z.object({
  summary: runSummary,
  /** The frozen configuration, by kind. */
  config: z.union([societyConfig, alignConfig, evaluationConfig]),
  /** Id that the run's records carry. */
  id: z.string(),
  versions: z.record(z.string(), z.string()),
  /** SHA-256 of every file that went in, by absolute path. */
  files: z.record(z.string(), z.string()),
});
export type RunDetails = z.infer<typeof runDetails>;

export const runsContract = {
  runs: {
    list: procedure.output(z.array(runSummary)),
    /** Whole lists first (`reset`), then deltas; with `since`, only what came after. */
    watch: procedure
      .input(z.object({ since: streamPosition.nullable().default(null) }).prefault({}))
      .output(eventIterator(listFrame)),
    get: procedure.input(z.object({ run: runKey })).output(runDetails),
    rename: procedure.input(z.object({ run: runKey, name: z.string().trim().min(1).max(120) })).output(runSummary),
    /** Moves the run to the workspace's trash; refused while it is live. Purged after 30 days. */
    remove: procedure.input(z.object({ run: runKey })).output(undoable),
  },
  jobs: {
    /** Live jobs and those that ended since the service started. */
    list: procedure.output(z.array(jobSummary)),
    control: procedure.input(z.object({ job: jobId, action: z.enum(jobActions) })).output(z.object({})),
    /** Goes on with a stopped or failed run where its journal stands. */
    resume: procedure.input(z.object({ run: runKey })).output(z.object({ job: jobId })),
    /** The stream of a job or run, live or not: a reset frame with its snapshot, then deltas. Ends with the service. */
    watch: procedure
      .input(z.object({ job: jobId, since: streamPosition.nullable().default(null) }))
      .output(eventIterator(jobFrame)),
  },
};
