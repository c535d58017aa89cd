import { Maximize2, Package, RotateCcw, Scale } from "lucide-react";
import { useMemo, useState } from "react";
import type { JobState, RunSummary } from "../../../core/contract/workbench/runs.ts";
import { go, useFace, useLiveRun, useNow, useRequest, useSnapshot, useWorkbench } from "../../app/hooks.ts";
import { CurveGroup } from "../../charts/CurveGroup.ts";
import { smoothingScale } from "../../charts/smoothing.ts";
import { Button } from "../../components/Button.tsx";
import { SelectInput, SliderInput } from "../../components/choices.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import { ProgressLine } from "../../components/ProgressLine.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { formatBytes, formatCount, formatShare, formatSignificant } from "../../format/numbers.ts";
import { fileName } from "../../format/paths.ts";
import { formatAgo } from "../../format/time.ts";
import { settingAt } from "../../forms/settings.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { NewAlignment } from "./AlignScreen.tsx";
import { CurvePanels } from "./CurvePanels.tsx";
import { useRunCurves } from "./useRunCurves.ts";

const words = text.align;
const parseSmoothing = (value: unknown) => (typeof value === "number" && value >= 0 && value <= 1 ? value : 0.3);

/** An alignment as it trains: all curves over one x axis, checkpoints, settings. */
export function AlignRun({
  run,
  alignments,
}: {
  readonly run: RunSummary;
  readonly alignments: readonly RunSummary[];
}) {
  const live = useLiveRun(run.run);
  const snapshot = useSnapshot(live);
  const [smoothing, setSmoothing] = useFace("align.smoothing", parseSmoothing);
  const [other, setOther] = useState<string | null>(null);
  const group = useMemo(() => new CurveGroup(), []);
  const own = useRunCurves(run.run, live, group);
  const overlay = useRunCurves(other, useLiveRun(other), group);
  const scale = smoothingScale(smoothing, Math.max(own.curves?.steps ?? 0, overlay.curves?.steps ?? 0));
  own.curves?.smooth(scale);
  overlay.curves?.smooth(scale);
  const state = snapshot?.state ?? run.state;
  const error = snapshot?.error ?? run.error;
  const written = snapshot?.align?.checkpoints.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is the same object and only grows
  const marks = useMemo(() => (snapshot?.align?.checkpoints ?? []).map(({ step }) => step), [snapshot, written]);
  return (
    <div className="screen">
      <ScreenBar
        title={words.title}
        actions={
          <>
            <JobControls job={run.run} run={run.run} state={state} actions={snapshot?.actions ?? run.actions} />
            <Button
              small
              hint={words.evaluate}
              icon={<Scale size={13} />}
              onPress={() => go("evaluate", "chat", run.run)}
            >
              {words.evaluate}
            </Button>
            <Button
              small
              hint={words.export}
              icon={<Package size={13} />}
              onPress={() => go("exports", "new", run.run)}
            >
              {words.export}
            </Button>
            <Button
              small
              icon={<RotateCcw size={13} />}
              hint={words.again}
              onPress={() => go("align", "new", "from", run.run)}
            />
            <NewAlignment />
          </>
        }
      >
        <RunSelect label={words.choose} runs={alignments} value={run.run} onChange={(key) => go("align", key)} />
        <StateBadge state={state} />
      </ScreenBar>
      <div className="run-progress">
        <ProgressLine
          label={run.name}
          progress={snapshot?.progress ?? run.progress}
          state={state}
          waitsFor={run.waitsFor}
        />
      </div>
      {error === null && own.error === null ? null : (
        <div className="run-error">
          {error !== null ? <ErrorNote error={error} /> : own.error !== null ? <ErrorNote error={own.error} /> : null}
        </div>
      )}
      <div className="screen-body">
        <SplitPanes
          id="align"
          panes={[
            { id: "curves", minimum: 360, start: "74%" },
            { id: "side", minimum: 240 },
          ]}
        >
          <div className="curves">
            <div className="curves-bar">
              <div className="curves-smoothing">
                <SliderInput
                  label={words.smoothing}
                  value={smoothing}
                  onChange={setSmoothing}
                  minimum={0}
                  maximum={1}
                  step={0.02}
                  format={formatShare}
                />
              </div>
              <div className="curves-overlay">
                <SelectInput
                  bare
                  label={words.overlay}
                  value={other ?? ""}
                  onChange={(key) => setOther(key === "" ? null : key)}
                  choices={[
                    { id: "", name: words.overlayNone },
                    ...alignments
                      .filter((one) => one.run !== run.run)
                      .map((one) => ({ id: one.run, name: one.name, note: one.headline })),
                  ]}
                />
              </div>
              <Button small look="quiet" icon={<Maximize2 size={13} />} onPress={() => group.show(null)}>
                {words.whole}
              </Button>
              {own.curves !== null && !own.curves.raw ? (
                <span className="fine">{words.decimated(formatCount(own.curves.steps))}</span>
              ) : null}
            </div>
            {own.curves === null ? null : (
              <CurvePanels
                group={group}
                own={{ name: run.name, curves: own.curves }}
                other={
                  overlay.curves === null || other === null
                    ? null
                    : { name: alignments.find((one) => one.run === other)?.name ?? other, curves: overlay.curves }
                }
                marks={marks}
                smoothed={scale > 0}
              />
            )}
          </div>
          <div className="align-side">
            <CheckpointsPanel run={run.run} written={written} />
            <SettingsPanel run={run.run} state={state} />
          </div>
        </SplitPanes>
      </div>
    </div>
  );
}

function CheckpointsPanel({ run, written }: { readonly run: string; readonly written: number }) {
  const { client } = useWorkbench();
  const checkpoints = useRequest(() => client.align.checkpoints({ run }), [run, written]);
  const now = useNow();
  return (
    <Panel title={words.checkpoints}>
      {checkpoints.data === null || checkpoints.data.length === 0 ? (
        <p className="quiet">{words.noCheckpoints}</p>
      ) : (
        <table className="plain-table">
          <thead>
            <tr>
              <th className="end">{words.checkpointColumns.step}</th>
              <th className="end">{words.checkpointColumns.size}</th>
              <th>{words.checkpointColumns.at}</th>
            </tr>
          </thead>
          <tbody>
            {checkpoints.data.map((checkpoint) => (
              <tr key={checkpoint.step}>
                <td className="end">{formatCount(checkpoint.step)}</td>
                <td className="end">{formatBytes(checkpoint.bytes)}</td>
                <td className="quiet">{formatAgo(checkpoint.at, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** The frozen settings that people ask for first; the rest is in config.json. */
function SettingsPanel({ run, state }: { readonly run: string; readonly state: JobState }) {
  const { client } = useWorkbench();
  // The files that hold them are written when the run starts: a waiting run has none yet.
  const details = useRequest(() => (state === "waiting" ? null : client.runs.get({ run })), [run, state]);
  if (details.data === null) return details.error === null ? null : <ErrorNote error={details.error} />;
  const { config } = details.data;
  const at = (name: string) => settingAt(config, name);
  const number = (name: string) => formatSignificant(at(name) as number | undefined);
  const loss = String(at("loss.id") ?? "") as keyof typeof words.setup.losses;
  return (
    <Panel title={words.settings}>
      <Facts
        facts={[
          [words.facts.model, fileName(String(at("model") ?? ""))],
          [words.facts.data, fileName(String(at("data") ?? ""))],
          [words.facts.loss, words.setup.losses[loss] ?? words.setup.mixture],
          [words.facts.lora, words.loraFact(number("lora.rank"), number("lora.alpha"))],
          [words.facts.rate, number("optimizer.learningRate")],
          [words.facts.epochs, number("epochs")],
          [words.facts.seed, number("seed")],
        ]}
      />
    </Panel>
  );
}
