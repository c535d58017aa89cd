import { Check, Circle, CircleDot, CircleSlash, Play } from "lucide-react";
import { useState } from "react";
import { go, useLists, useLiveRun, useRequest, useSnapshot, useSurroundings, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Segmented } from "../../components/choices.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import type { StationState } from "../../contractTypes.ts";
import { formatDuration } from "../../format/time.ts";
import { isLive } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { demoFigures } from "./demoFigures.ts";

/** The whole method in one click: start it, watch its stations, read its results. */
export function DemoPanel() {
  const demo = useSurroundings((surroundings) => surroundings.about?.demo);
  const job = useLists(
    (lists) =>
      [...lists.jobs.values()].filter((one) => one.kind === "demo").sort((a, b) => b.started - a.started)[0] ?? null,
  );
  if (demo === undefined) return null;
  if (demo === null)
    return (
      <Panel title={text.home.demo}>
        <p className="quiet">{text.home.demoMissing}</p>
      </Panel>
    );
  const running = job !== null && isLive(job.state);
  return (
    <Panel title={text.home.demo}>
      <div className="demo">
        {job === null ? <p className="quiet">{text.home.demoText}</p> : <DemoProgress job={job.job} />}
        {job?.error ? <ErrorNote error={job.error} /> : null}
        {job?.state === "stopped" || job?.state === "failed" ? <p className="quiet">{text.home.demoGoesOn}</p> : null}
        {running ? null : <DemoStart sizes={demo.sizes} last={job?.job ?? null} />}
      </div>
    </Panel>
  );
}

/** @param props.last the demo that ran last: one that was stopped goes on when it is started in the same size */
function DemoStart({ sizes, last }: { readonly sizes: readonly string[]; readonly last: string | null }) {
  const workbench = useWorkbench();
  const before = sizes.find((one) => last?.startsWith(`demo-${one}-`));
  const [size, setSize] = useState(before ?? (sizes.includes("small") ? "small" : (sizes[0] ?? "small")));
  const [starting, setStarting] = useState(false);
  const start = async () => {
    setStarting(true);
    await workbench.attempt(() => workbench.client.demo.start({ size }));
    setStarting(false);
  };
  return (
    <div className="demo-start">
      <Button look="primary" icon={<Play size={14} />} onPress={() => void start()} isDisabled={starting}>
        {text.home.demoRun}
      </Button>
      {sizes.length < 2 ? null : (
        <Segmented
          bare
          label={text.home.demoSize}
          value={size}
          onChange={setSize}
          choices={[...sizes].sort(smallFirst).map((id) => ({ id, name: text.home.demoSizes[id] ?? id }))}
        />
      )}
      {text.home.demoTimes[size] === undefined ? null : <p className="fine">{text.home.demoTimes[size]}</p>}
    </div>
  );
}

/** The one that most people try first stands first. */
function smallFirst(a: string, b: string): number {
  return Number(b === "small") - Number(a === "small");
}

function DemoProgress({ job }: { readonly job: string }) {
  const { client } = useWorkbench();
  const snapshot = useSnapshot(useLiveRun(job));
  const finished = snapshot?.state === "finished";
  const results = useRequest(() => (finished ? client.demo.results({ job }) : null), [job, finished]);
  if (snapshot?.demo == null) return null;
  const figures = results.data === null ? [] : demoFigures(results.data);
  return (
    <>
      <ol className="stations">
        {snapshot.demo.stations.map((station) => (
          <li key={station.station}>
            <Station station={station} live={isLive(snapshot.state)} />
          </li>
        ))}
      </ol>
      {figures.length === 0 ? null : <Facts facts={figures} />}
    </>
  );
}

const icons = { waiting: Circle, running: CircleDot, finished: Check, stopped: CircleSlash } as const;
const places = {
  society: "society",
  data: "data",
  align: "align",
  evaluate: "evaluate",
  exportAdapter: "exports",
  exportMerged: "exports",
} as const;

function Station({ station, live }: { readonly station: StationState; readonly live: boolean }) {
  // With the demo over, what was at work in it is not any more.
  const state = station.state === "running" && !live ? "stopped" : station.state;
  const Icon = icons[state];
  const content = (
    <>
      <Icon size={14} aria-label={text.states[state]} />
      <span>
        <span className="station-name">{text.home.stations[station.station]}</span>{" "}
        <span className="station-text">{text.home.stationTexts[station.station]}</span>
      </span>
      <span className="fine numeric">{station.seconds === null ? "" : formatDuration(station.seconds)}</span>
    </>
  );
  if (station.state === "waiting") return <div className="station waiting">{content}</div>;
  const place = places[station.station];
  const open = () => (station.job === null || place === "exports" ? go(place) : go(place, station.job));
  return (
    <button type="button" className={`station ${state}`} onClick={open}>
      {content}
    </button>
  );
}
