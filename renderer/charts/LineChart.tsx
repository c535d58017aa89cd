import { ChartLine, Scissors, Table } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { themeChanged } from "../app/theme.ts";
import { Button } from "../components/Button.tsx";
import { type Column, DataTable } from "../components/table/DataTable.tsx";
import { formatCount, formatSignificant, unknown } from "../format/numbers.ts";
import { text } from "../text/en.ts";
import type { CurveGroup } from "./CurveGroup.ts";
import { type Curve, CurvePlot, type Mark } from "./CurvePlot.ts";
import "./charts.css";
import "./LineChart.css";

export interface LineChartProps {
  readonly title: string;
  readonly group: CurveGroup;
  /** Must be stable while its curves are the same ones; points may be appended all the time. */
  readonly curves: readonly Curve[];
  /** E.g. checkpoints; must be stable too. */
  readonly marks: readonly Mark[];
  /** What the numbers are, e.g. `nats per token`. */
  readonly unit?: string;
  /** Written at the x of the table. */
  readonly xName: string;
  /** What will come, while the curve that matters has no point. */
  readonly coming?: string | undefined;
}

/** Curves over a shared x axis. Arrows move, + and − zoom, 0 shows everything; the values stand in the head and in a table. */
export function LineChart(props: LineChartProps) {
  const { curves, group, marks } = props;
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<CurvePlot | null>(null);
  const values = useRef<(HTMLElement | null)[]>([]);
  const position = useRef<HTMLElement>(null);
  const [log, setLog] = useState(false);
  const [clip, setClip] = useState(true);
  const [outside, setOutside] = useState(0);
  const [asTable, setAsTable] = useState(false);
  const empty = curves.every(({ series }) => series.raw.length === 0);
  const positive = curves.every(({ series }) => series.raw.extent(0, series.raw.length).min > 0);
  const options = useMemo(() => ({ curves, log: log && positive, clip, marks }), [curves, log, positive, clip, marks]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: later options reach the plot through `configure`
  useEffect(() => {
    if (element.current === null || asTable) return;
    const made = new CurvePlot(element.current, group, options, {
      outside: setOutside,
      readout: (now, x) => {
        for (const [index, value] of now.entries()) {
          const span = values.current[index];
          if (span) span.textContent = formatSignificant(value);
        }
        if (position.current) position.current.textContent = x === null ? "" : formatCount(x);
      },
    });
    plot.current = made;
    const retheme = () => made.rebuild();
    window.addEventListener(themeChanged, retheme);
    return () => {
      window.removeEventListener(themeChanged, retheme);
      plot.current = null;
      made.dispose();
    };
  }, [group, asTable]);
  useEffect(() => plot.current?.configure(options), [options]);

  const onKeyDown = (event: KeyboardEvent) => {
    const action = keyActions[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    action(group);
  };
  return (
    <figure className="line-chart">
      <figcaption className="line-chart-head">
        <h2>{props.title}</h2>
        {empty ? null : (
          <span className="curve-keys">
            {curves.map((curve, index) => (
              <span key={curve.id} className="curve-key" title={curve.label}>
                <i style={{ background: `var(${curve.color})` }} />
                {curves.length > 1 || curve.named ? <span className="truncate">{curve.label}</span> : null}
                <b
                  className="numeric"
                  ref={(span) => {
                    values.current[index] = span;
                  }}
                >
                  {unknown}
                </b>
              </span>
            ))}
          </span>
        )}
        <span className="fine numeric" ref={position} />
        <span className="grow" />
        {outside > 0 ? (
          <Button
            small
            look="quiet"
            aria-label={text.chart.outside(formatCount(outside))}
            hint={text.chart.outsideHint}
            icon={<Scissors size={11} />}
            onPress={() => setClip(false)}
          >
            {formatCount(outside)}
          </Button>
        ) : clip ? null : (
          <Button
            small
            look="quiet"
            icon={<Scissors size={11} />}
            hint={text.chart.clip}
            onPress={() => setClip(true)}
          />
        )}
        <Button
          small
          look="quiet"
          pressed={log && positive}
          isDisabled={!positive || empty}
          hint={empty ? text.chart.empty : positive ? text.chart.log : text.chart.logImpossible}
          onPress={() => setLog(!log)}
        >
          log
        </Button>
        <Button
          small
          look="quiet"
          icon={asTable ? <ChartLine size={13} /> : <Table size={13} />}
          hint={asTable ? text.actions.showChart : text.actions.showTable}
          onPress={() => setAsTable(!asTable)}
        />
      </figcaption>
      {asTable ? (
        <CurveTable {...props} />
      ) : (
        <div className="line-chart-frame">
          <div
            ref={element}
            className={`line-chart-plot${empty ? " empty" : ""}`}
            role="application"
            aria-roledescription={text.chart.role}
            aria-label={summary(props.title, curves)}
            tabIndex={0}
            onKeyDown={onKeyDown}
          />
          {props.coming === undefined ? null : <p className="line-chart-coming">{props.coming}</p>}
        </div>
      )}
    </figure>
  );
}

const keyActions: Readonly<Record<string, (group: CurveGroup) => void>> = {
  ArrowLeft: (group) => group.pan(-0.2),
  ArrowRight: (group) => group.pan(0.2),
  "+": (group) => group.zoom(0.7),
  "=": (group) => group.zoom(0.7),
  "-": (group) => group.zoom(1 / 0.7),
  "0": (group) => group.show(null),
};

function summary(title: string, curves: readonly Curve[]): string {
  const parts = curves.map(({ label, series: { raw } }) =>
    text.chart.summary(label, formatCount(raw.length), formatSignificant(raw.y(raw.length - 1))),
  );
  return `${title}. ${parts.length === 0 ? text.chart.empty : parts.join("; ")}`;
}

/** Every point as numbers, newest first; x of the first curve. */
function CurveTable({ title, curves, xName }: LineChartProps) {
  const [selected, setSelected] = useState<number | null>(null);
  const longest = curves.reduce<Curve | undefined>(
    (best, curve) => (best === undefined || curve.series.raw.length > best.series.raw.length ? curve : best),
    undefined,
  );
  const count = longest?.series.raw.length ?? 0;
  const columns = useMemo<readonly Column<number>[]>(
    () => [
      {
        id: "x",
        name: xName,
        minimum: 80,
        grow: 1,
        align: "end",
        cell: (index) => formatCount(longest?.series.raw.x(index)),
      },
      ...curves.map((curve) => ({
        id: curve.id,
        name: curve.label,
        minimum: 100,
        grow: 2,
        align: "end" as const,
        cell: (index: number) => {
          const { raw } = curve.series;
          const x = longest?.series.raw.x(index) ?? Number.NaN;
          const at = raw.nearest(x);
          return raw.x(at) === x ? formatSignificant(raw.y(at)) : "";
        },
      })),
    ],
    [curves, longest, xName],
  );
  return (
    <DataTable
      id="curve"
      label={title}
      columns={columns}
      count={count}
      row={(index) => count - 1 - index}
      selected={selected}
      onSelect={setSelected}
    />
  );
}
