import { useMemo } from "react";
import type { CurveGroup } from "../../charts/CurveGroup.ts";
import type { Curve } from "../../charts/CurvePlot.ts";
import { LineChart } from "../../charts/LineChart.tsx";
import { text } from "../../text/en.ts";
import type { CurveName, RunCurves } from "./RunCurves.ts";

const words = text.align;

interface Named {
  readonly name: string;
  readonly curves: RunCurves;
}

/** Plots and the curves in each; the loss is the largest. */
const plots: readonly { readonly id: string; readonly names: readonly CurveName[] }[] = [
  { id: "loss", names: ["loss"] },
  { id: "parts", names: ["nll", "penalty"] },
  { id: "accuracy", names: ["accuracy"] },
  { id: "margin", names: ["margin"] },
  { id: "gradNorm", names: ["gradNorm"] },
  { id: "learningRate", names: ["learningRate"] },
];

const colors: Readonly<Record<CurveName, string>> = {
  loss: "--accent",
  nll: "--accent",
  penalty: "--feedback",
  margin: "--accent",
  accuracy: "--accent",
  gradNorm: "--accent",
  learningRate: "--accent",
};

/** All curves of a run over one x axis, another run's beneath them in the colour of what is compared. */
export function CurvePanels(props: {
  readonly group: CurveGroup;
  readonly own: Named;
  readonly other: Named | null;
  readonly marks: readonly number[];
  /** Changes when smoothing is switched on or off: the plots then hold other lines. */
  readonly smoothed: boolean;
}) {
  const { own, other, smoothed } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `smoothed` makes the plots build their lines anew
  const shown = useMemo(
    () => plots.map((plot) => ({ id: plot.id, title: titleOf(plot), curves: curvesOf(plot, own, other) })),
    [own.curves, other?.curves, own.name, other?.name, smoothed],
  );
  return (
    <div className="curve-grid">
      {shown.map((plot) => (
        <div key={plot.id} className={`curve-cell ${plot.id}`}>
          <LineChart
            title={plot.title}
            group={props.group}
            curves={plot.curves}
            marks={props.marks}
            xName={words.step}
          />
        </div>
      ))}
    </div>
  );
}

function titleOf({ names }: (typeof plots)[number]): string {
  const [first = "loss"] = names;
  return names.length > 1 ? words.curves.parts : words.curves[first];
}

function curvesOf({ id, names }: (typeof plots)[number], own: Named, other: Named | null): Curve[] {
  const of = ({ name: run, curves }: Named, compared: boolean): Curve[] => {
    const lines = names.flatMap((name): Curve[] => {
      const series = curves.curves.get(name);
      if (series === undefined) return [];
      const label = names.length > 1 ? words.curves[name] : words.curves.training;
      return [
        {
          id: `${run} ${name}`,
          label: other === null ? label : `${run}, ${label}`,
          color: compared ? "--aligned" : colors[name],
          series,
        },
      ];
    });
    const evaluation = id === "loss" ? curves.evaluationLoss : id === "accuracy" ? curves.evaluationAccuracy : null;
    if (evaluation === null) return lines;
    const label = words.curves.evaluation;
    return [
      ...lines,
      {
        id: `${run} evaluation`,
        label: other === null ? label : `${run}, ${label}`,
        color: compared ? "--question" : "--revision",
        series: evaluation,
        dots: true,
      },
    ];
  };
  return [...(other === null ? [] : of(other, true)), ...of(own, false)];
}
