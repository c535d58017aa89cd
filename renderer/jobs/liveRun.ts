/** A run as it stands, kept up to date by the frames of its stream. Mutable on purpose: hot paths draw straight from it. */
import type {
  AgentState,
  InteractionBrief,
  JobFrame,
  LiveEvent,
  RoundBrief,
  RunSnapshot,
} from "../../core/contract/workbench/runs.ts";

/** Interactions kept for the list of the latest ones; the rest is asked for under Dialogues. */
const recentKept = 200;
/** Points of the training curve that arrive between two looks at it. */
type MetricsEvent = Extract<LiveEvent, { type: "metrics" }>;

/** Who wants to be told, and of what. */
export interface LiveListener {
  /** After every frame. */
  changed?(): void;
  /** A new step of the training curve, in order. */
  metrics?(event: MetricsEvent): void;
  /** Everything known was replaced: curves are to be asked for again. */
  reset?(): void;
  /** What the service did by itself. */
  notice?(message: string): void;
}

export class LiveRun {
  /** Null before the first frame. */
  snapshot: RunSnapshot | null = null;
  /** Rises with every frame; lets React see that something changed. */
  version = 0;
  private readonly listeners = new Set<LiveListener>();

  listen(listener: LiveListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  apply(frame: JobFrame): void {
    for (const event of frame.events) {
      if (event.type === "snapshot") {
        // A copy of the level that events change: the frame itself may be a recorded one that is played again.
        this.snapshot = structuredClone(event.snapshot);
        for (const listener of this.listeners) listener.reset?.();
      } else if (this.snapshot !== null) {
        applyEvent(this.snapshot, event);
        if (event.type === "metrics") for (const listener of this.listeners) listener.metrics?.(event);
        if (event.type === "notice") for (const listener of this.listeners) listener.notice?.(event.message);
      }
    }
    this.version++;
    for (const listener of this.listeners) listener.changed?.();
  }
}

/** Changes `snapshot` by one event. What belongs to another kind of run is passed over. */
export function applyEvent(snapshot: RunSnapshot, event: LiveEvent): void {
  switch (event.type) {
    case "snapshot":
      Object.assign(snapshot, event.snapshot);
      return;
    case "state":
      snapshot.state = event.state;
      snapshot.error = event.error;
      snapshot.waitsFor = event.waitsFor;
      snapshot.actions = event.actions;
      if (["stopped", "failed", "finished"].includes(event.state)) calmDown(snapshot);
      return;
    case "progress": {
      const { type: _, ...progress } = event;
      snapshot.progress = progress;
      return;
    }
    case "move": {
      const agent = snapshot.society?.agents[event.agent];
      if (agent === undefined) return;
      agent.move = event.move;
      agent.peers = event.peers;
      return;
    }
    case "interaction":
      if (snapshot.society !== null) addInteraction(snapshot.society, event.interaction);
      return;
    case "round": {
      const { type: _, ...round } = event;
      if (snapshot.society !== null) addRound(snapshot.society.rounds, round);
      return;
    }
    case "metrics":
      if (snapshot.align !== null) snapshot.align.step = Math.max(snapshot.align.step, event.line.step);
      return;
    case "evaluation": {
      const { type: _, ...point } = event;
      if (snapshot.align !== null && !snapshot.align.evaluations.some((known) => known.step === point.step))
        snapshot.align.evaluations.push(point);
      return;
    }
    case "checkpoint": {
      const { type: _, ...checkpoint } = event;
      if (snapshot.align !== null && !snapshot.align.checkpoints.some((known) => known.step === checkpoint.step))
        snapshot.align.checkpoints.push(checkpoint);
      return;
    }
    case "station": {
      const { type: _, ...station } = event;
      const index = snapshot.demo?.stations.findIndex((known) => known.station === station.station) ?? -1;
      if (snapshot.demo !== null && index >= 0) snapshot.demo.stations[index] = station;
      return;
    }
    case "warning":
      snapshot.warnings.push(event.message);
      return;
    case "notice":
      return;
    case "finished":
      snapshot.result = event.result;
      return;
    default:
      event satisfies never;
  }
}

/** Nothing moves in a run that has ended. */
function calmDown(snapshot: RunSnapshot): void {
  for (const agent of snapshot.society?.agents ?? []) {
    agent.move = "idle";
    agent.peers = [];
  }
}

function addInteraction(society: NonNullable<RunSnapshot["society"]>, interaction: InteractionBrief): void {
  if (society.recent.some((known) => known.id === interaction.id)) return;
  society.recent.push(interaction);
  if (society.recent.length > recentKept) society.recent.splice(0, society.recent.length - recentKept);
  society.interactions++;
  const rating = interaction.after.alignment;
  if (rating !== null) {
    const bar = Math.round(rating) - 1;
    society.ratings[bar] = (society.ratings[bar] ?? 0) + 1;
  }
  const agent: AgentState | undefined = society.agents[interaction.agent];
  if (agent !== undefined) agent.last = interaction;
}

function addRound(rounds: RoundBrief[], round: RoundBrief): void {
  const index = rounds.findIndex((known) => known.round === round.round);
  if (index >= 0) rounds[index] = round;
  else rounds.push(round);
}
