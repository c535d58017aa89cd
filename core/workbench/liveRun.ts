/** A run or job as faces see it: the state that its events add up to, and the stream of these events. */
import type { StreamPosition } from "../contract/workbench/common.ts";
import type { JobFrame, JobState, LiveEvent, Progress, RunSnapshot } from "../contract/workbench/runs.ts";
import { FrameStream, keepLast } from "./frameStream.ts";

/** Interactions kept for a face that opens the run. */
const recentKept = 200;
const warningsKept = 100;

type ProgressEvent = Extract<LiveEvent, { type: "progress" }>;

export const emptySnapshot: RunSnapshot = {
  state: "waiting",
  error: null,
  waitsFor: null,
  actions: [],
  progress: null,
  warnings: [],
  result: null,
  society: null,
  align: null,
  demo: null,
};

export class LiveRun {
  snapshot: RunSnapshot;
  private readonly stream: FrameStream<LiveEvent>;

  constructor(epoch: string, snapshot: RunSnapshot) {
    this.snapshot = snapshot;
    this.stream = new FrameStream<LiveEvent>({
      epoch,
      // A copy: the original goes on changing while this one is being sent.
      snapshot: () => [{ type: "snapshot", snapshot: structuredClone(this.snapshot) }],
      coalesce: (events) => keepLast(events, nameOfEvent),
    });
  }

  get watchers(): number {
    return this.stream.watchers;
  }

  push(event: LiveEvent): void {
    const said = event.type === "progress" ? asAside(this.snapshot.progress, event) : event;
    this.snapshot = applyEvent(this.snapshot, said);
    this.stream.push(said);
  }

  watch(since: StreamPosition | null, signal?: AbortSignal): AsyncGenerator<JobFrame, void, void> {
    return this.stream.watch(since, signal);
  }

  close(): void {
    this.stream.close();
  }
}

/**
 * Sample texts are written between two steps: how far the run is stays what its steps say, with a word beside it. A run
 * that is stopped there would else end as "0 of 5 texts".
 */
function asAside(before: Progress | null, event: ProgressEvent): ProgressEvent {
  if (event.stage !== "samples" || before?.unit !== "steps") return event;
  const { note: _, ...steps } = before;
  if (event.done === event.total) return { type: "progress", ...steps, stage: "align" };
  return { type: "progress", ...steps, stage: event.stage, note: `writing ${event.total} sample texts` };
}

/** Of events with equal names the last says it all. */
function nameOfEvent(event: LiveEvent): string | null {
  switch (event.type) {
    case "progress":
    case "state":
    case "snapshot":
      return event.type;
    case "move":
      return `move ${event.agent}`;
    case "station":
      return `station ${event.station}`;
    default:
      return null;
  }
}

/**
 * The state after an event. What grows with the length of a run (agents, recent interactions) is changed in place, so
 * that a long run costs no more per event than a short one; the rest is replaced.
 */
export function applyEvent(snapshot: RunSnapshot, event: LiveEvent): RunSnapshot {
  switch (event.type) {
    case "snapshot":
      return event.snapshot;
    case "state": {
      const { type: _, ...state } = event;
      return { ...snapshot, ...state };
    }
    case "progress": {
      const { type: _, ...progress } = event;
      return { ...snapshot, progress };
    }
    case "warning":
      return { ...snapshot, warnings: [...snapshot.warnings, event.message].slice(-warningsKept) };
    case "finished":
      return { ...snapshot, result: event.result };
    case "move":
    case "interaction":
    case "round":
      return snapshot.society === null ? snapshot : withSociety(snapshot, snapshot.society, event);
    case "metrics":
    case "evaluation":
    case "checkpoint":
      return snapshot.align === null ? snapshot : { ...snapshot, align: withAlign(snapshot.align, event) };
    case "station": {
      const { type: _, ...station } = event;
      const others = (snapshot.demo?.stations ?? []).map((known) =>
        known.station === station.station ? station : known,
      );
      return { ...snapshot, demo: { stations: others } };
    }
    case "notice":
      return snapshot;
  }
}

type SocietyEvent = Extract<LiveEvent, { type: "move" | "interaction" | "round" }>;
type AlignEvent = Extract<LiveEvent, { type: "metrics" | "evaluation" | "checkpoint" }>;

function withSociety(
  snapshot: RunSnapshot,
  society: NonNullable<RunSnapshot["society"]>,
  event: SocietyEvent,
): RunSnapshot {
  if (event.type === "round") {
    const { type: _, ...round } = event;
    const others = society.rounds.filter((known) => known.round !== round.round);
    return { ...snapshot, society: { ...society, rounds: [...others, round].sort((a, b) => a.round - b.round) } };
  }
  if (event.type === "move") {
    const agent = society.agents[event.agent];
    if (agent !== undefined) Object.assign(agent, { move: event.move, peers: event.peers });
    return snapshot;
  }
  const { interaction } = event;
  const agent = society.agents[interaction.agent];
  if (agent !== undefined) agent.last = interaction;
  society.recent.push(interaction);
  if (society.recent.length > recentKept) society.recent.shift();
  const rating = interaction.after.alignment;
  if (rating !== null) society.ratings[rating - 1] = (society.ratings[rating - 1] ?? 0) + 1;
  society.interactions++;
  return snapshot;
}

function withAlign(align: NonNullable<RunSnapshot["align"]>, event: AlignEvent): NonNullable<RunSnapshot["align"]> {
  if (event.type === "metrics") return { ...align, step: event.line.step };
  const { type: _, ...point } = event;
  if (event.type === "evaluation")
    return {
      ...align,
      evaluations: [
        ...align.evaluations.filter(({ step }) => step !== event.step),
        point as (typeof align.evaluations)[number],
      ],
    };
  return {
    ...align,
    checkpoints: [
      ...align.checkpoints.filter(({ step }) => step !== event.step),
      point as (typeof align.checkpoints)[number],
    ],
  };
}

/** Whether a job in this state is at work. */
export function isLive(state: JobState): boolean {
  return state !== "stopped" && state !== "failed" && state !== "finished";
}
