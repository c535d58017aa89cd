import { Database, MessagesSquare, RotateCcw } from "lucide-react";
import { memo, useCallback, useState } from "react";
import type { JobAction, JobState, RunSnapshot, RunSummary } from "../../../core/contract/workbench/runs.ts";
import { go, useLiveRun, useSnapshot } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { RunHead } from "../../components/RunHead.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { formatDecimal } from "../../format/numbers.ts";
import type { GridAgent } from "../../grid/drawGrid.ts";
import { GridLegend, SocietyGrid } from "../../grid/SocietyGrid.tsx";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { FollowedAgent, LatestInteractions } from "./LatestInteractions.tsx";
import { RoundsPanel } from "./RoundsPanel.tsx";
import { NewSociety } from "./SocietyScreen.tsx";

const words = text.society;

/** A society as it runs: grid on the left, where it is going on the right. */
export function SocietyRun({
  run,
  societies,
}: {
  readonly run: RunSummary;
  readonly societies: readonly RunSummary[];
}) {
  const live = useLiveRun(run.run);
  const snapshot = useSnapshot(live);
  const [followed, setFollowed] = useState<number | null>(null);
  const agents = useCallback((): readonly GridAgent[] => gridAgents(live?.snapshot?.society ?? null), [live]);
  const subscribe = useCallback((changed: () => void) => live?.listen({ changed }) ?? (() => {}), [live]);
  const state = snapshot?.state ?? run.state;
  const society = snapshot?.society ?? null;
  return (
    <div className="screen">
      <SocietyBar run={run.run} state={state} actions={snapshot?.actions ?? run.actions} societies={societies} />
      <RunHead run={run} snapshot={snapshot} />
      <div className="screen-body">
        {society === null ? (
          <EmptyState title={snapshot === null ? words.loading : words.waiting} />
        ) : (
          <SplitPanes
            id="society"
            panes={[
              { id: "grid", minimum: 280, start: "58%" },
              { id: "side", minimum: 300 },
            ]}
          >
            <div className="society-main">
              <div className="society-canvas">
                <SocietyGrid
                  label={words.grid.label}
                  shape={shapeOf(society)}
                  agents={agents}
                  subscribe={subscribe}
                  selected={followed}
                  onSelect={setFollowed}
                  onActivate={(agent) => {
                    const last = live?.snapshot?.society?.agents[agent]?.last;
                    if (last) go("dialogues", run.run, last.id);
                  }}
                  describe={(agent) => describeAgent(live?.snapshot?.society ?? null, agent)}
                />
              </div>
              <GridLegend />
            </div>
            <div className="panels society-side">
              <RoundsPanel society={society} progress={snapshot?.progress ?? null} />
              {followed === null ? (
                <LatestInteractions run={run.run} society={society} />
              ) : (
                <FollowedAgent run={run.run} society={society} agent={followed} onRelease={() => setFollowed(null)} />
              )}
            </div>
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

/** Drawn when something in it changes; the rest of the screen is, five times a second. */
const SocietyBar = memo(function SocietyBar(props: {
  readonly run: string;
  readonly state: JobState;
  readonly actions: readonly JobAction[];
  readonly societies: readonly RunSummary[];
}) {
  const { run, state, actions, societies } = props;
  return (
    <ScreenBar
      title={words.title}
      actions={
        <>
          <JobControls job={run} run={run} state={state} actions={actions} />
          <Button small hint={words.dialogues} icon={<MessagesSquare size={13} />} onPress={() => go("dialogues", run)}>
            {words.dialogues}
          </Button>
          <Button small hint={words.buildData} icon={<Database size={13} />} onPress={() => go("data", "new", run)}>
            {words.buildData}
          </Button>
          <Button small icon={<RotateCcw size={13} />} hint={words.again} onPress={() => go("society", "new", run)} />
          <NewSociety />
        </>
      }
    >
      <RunSelect label={words.choose} runs={societies} value={run} onChange={(key) => go("society", key)} />
      <StateBadge state={state} />
    </ScreenBar>
  );
});

type SocietySnapshot = NonNullable<RunSnapshot["society"]>;

/** Reused between frames: a hundred agents thirty times a second should leave nothing to collect. */
const reused: {
  label: GridAgent["label"];
  move: GridAgent["move"];
  peers: readonly number[];
  rating: number | null;
}[] = [];

function gridAgents(society: SocietySnapshot | null): readonly GridAgent[] {
  const states = society?.agents ?? [];
  reused.length = states.length;
  for (const [index, state] of states.entries()) {
    reused[index] ??= { label: "good", move: "idle", peers: [], rating: null };
    const agent = reused[index];
    agent.label = state.agent.label;
    agent.move = state.move;
    agent.peers = state.peers;
    agent.rating = state.last?.after.alignment ?? null;
  }
  return reused;
}

function shapeOf(society: SocietySnapshot): { rows: number; columns: number } {
  const last = society.agents.at(-1)?.agent;
  return { rows: (last?.row ?? 0) + 1, columns: (last?.column ?? 0) + 1 };
}

function describeAgent(society: SocietySnapshot | null, index: number): string {
  const state = society?.agents[index];
  if (state === undefined) return "";
  const { agent, move, peers, last } = state;
  const { grid } = words;
  const rating = last?.after.alignment ?? null;
  return [
    grid.agent(agent.id, agent.row + 1, agent.column + 1, text.labels[agent.label]),
    grid.now(text.moves[move]),
    ...(move === "feedback" ? [grid.asks(peers.length)] : []),
    rating === null ? grid.notRated : grid.rated(formatDecimal(rating, Number.isInteger(rating) ? 0 : 1)),
  ].join(" · ");
}
