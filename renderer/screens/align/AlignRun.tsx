import { Package, RotateCcw, Scale } from "lucide-react";
import { useMemo, useState } from "react";
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";
import { go, useFace, useLiveRun, useSnapshot } from "../../app/hooks.ts";
import { CurveGroup } from "../../charts/CurveGroup.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented } from "../../components/choices.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { RunHead } from "../../components/RunHead.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { numberAt } from "../../forms/settings.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { isLive } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { NewAlignment } from "./AlignScreen.tsx";
import { AlignSide } from "./AlignSide.tsx";
import { CurvesPane } from "./CurvesPane.tsx";
import { SamplesPane } from "./SamplesPane.tsx";
import { useCheckpoints } from "./useCheckpoints.ts";
import { useDetails } from "./useDetails.ts";
import { useRunCurves } from "./useRunCurves.ts";

const words = text.align;
const views = ["curves", "samples"] as const;
const parseView = (value: unknown) => views.find((view) => view === value) ?? "curves";

/** An alignment as it trains: all curves over one x axis or what the model says, checkpoints, settings. */
export function AlignRun({
  run,
  alignments,
}: {
  readonly run: RunSummary;
  readonly alignments: readonly RunSummary[];
}) {
  const live = useLiveRun(run.run);
  const snapshot = useSnapshot(live);
  const [chosen, setView] = useFace("align.view", parseView);
  const [other, setOther] = useState<string | null>(null);
  const group = useMemo(() => new CurveGroup(), []);
  const own = useRunCurves(run.run, live, group);
  const overlay = useRunCurves(other, useLiveRun(other), group);
  const state = snapshot?.state ?? run.state;
  const checkpoints = useCheckpoints(run.run, snapshot, state);
  const details = useDetails(run.run, snapshot);
  const every = numberAt(details.data?.config, "samples.every") ?? 0;
  const view = every > 0 ? chosen : "curves";
  const choice =
    every > 0 ? (
      <Segmented
        bare
        label={words.view}
        value={view}
        onChange={setView}
        choices={views.map((id) => ({ id, name: words.views[id] }))}
      />
    ) : null;
  return (
    <div className="screen">
      <ScreenBar
        title={words.title}
        actions={
          <>
            <JobControls job={run.run} run={run.run} state={state} actions={snapshot?.actions ?? run.actions} />
            <AlignActions run={run.run} />
          </>
        }
      >
        <RunSelect label={words.choose} runs={alignments} value={run.run} onChange={(key) => go("align", key)} />
        <StateBadge state={state} />
      </ScreenBar>
      <RunHead run={run} snapshot={snapshot} error={own.error} />
      <div className="screen-body">
        <SplitPanes
          id="align"
          panes={[
            { id: "curves", minimum: 360, start: "74%" },
            { id: "side", minimum: 240 },
          ]}
        >
          {view === "samples" ? (
            <SamplesPane run={run.run} snapshot={snapshot} state={state} every={every} choice={choice} />
          ) : (
            <CurvesPane
              group={group}
              own={own.curves === null ? null : { name: run.name, curves: own.curves }}
              other={
                overlay.curves === null || other === null
                  ? null
                  : { name: alignments.find((one) => one.run === other)?.name ?? other, curves: overlay.curves }
              }
              overlays={alignments.filter((one) => one.run !== run.run)}
              overlay={other}
              onOverlay={setOther}
              kept={checkpoints.entries}
              last={checkpoints.last}
              best={checkpoints.best}
              live={isLive(state)}
              choice={choice}
            />
          )}
          <AlignSide checkpoints={checkpoints} details={details} snapshot={snapshot} />
        </SplitPanes>
      </div>
    </div>
  );
}

function AlignActions({ run }: { readonly run: string }) {
  return (
    <>
      <Button small hint={words.evaluate} icon={<Scale size={13} />} onPress={() => go("evaluate", "chat", run)}>
        {words.evaluate}
      </Button>
      <Button small hint={words.export} icon={<Package size={13} />} onPress={() => go("exports", "new", run)}>
        {words.export}
      </Button>
      <Button small icon={<RotateCcw size={13} />} hint={words.again} onPress={() => go("align", "new", "from", run)} />
      <NewAlignment />
    </>
  );
}
