import { useMemo } from "react";
import type { CurveGroup } from "../../charts/CurveGroup.ts";
import type { Curve, Mark } from "../../charts/CurvePlot.ts";
import { LineChart } from "../../charts/LineChart.tsx";
import { text } from "../../text/en.ts";
import type { CurveName, CurvesFace, RunCurves } from "./RunCurves.ts";
import { useCurvesFace } from "./useRunCurves.ts";

const words = text.align;

interface Named {
  readonly name: string;
  readonly curves: RunCurves;
}

interface Plot {
  readonly id: string;
  readonly title: string;
  readonly names: readonly CurveName[];
}

/** Plots and the curves in each; the loss is the largest. */
const plots: readonly Plot[] = [
  { id: "loss", title: words.curves.loss, names: ["loss"] },
  { id: "parts", title: words.curves.parts, names: ["nll", "penalty"] },
  { id: "accuracy", title: words.curves.accuracy, names: ["accuracy"] },
  { id: "margin", title: words.curves.margin, names: ["margin"] },
  { id: "rewards", title: words.curves.rewards, names: ["rewards/chosen", "rewards/rejected"] },
  { id: "reward-margins", title: words.curves["rewards/margins"], names: ["rewards/margins"] },
  { id: "reward-accuracies", title: words.curves["rewards/accuracies"], names: ["rewards/accuracies"] },
  { id: "gradNorm", title: words.curves.gradNorm, names: ["gradNorm"] },
  { id: "learningRate", title: words.curves.learningRate, names: ["learningRate"] },
];

/** Where two curves share a plot; alone each has the accent. */
const colors: Partial<Record<CurveName, string>> = {
  penalty: "--feedback",
  "rewards/chosen": "--revision",
  "rewards/rejected": "--danger",
};

/** All curves of a run over one x axis, another run's beneath them in the colour of what is compared. */
export function CurvePanels(props: {
  readonly group: CurveGroup;
  readonly own: Named;
  readonly other: Named | null;
  readonly marks: readonly Mark[];
  /** Step of the lowest point of the evaluation curve. */
  readonly best: number | null;
  /** Changes when smoothing is switched on or off: the plots then hold other lines. */
  readonly smoothed: boolean;
  /** The run goes on: points are still to come. */
  readonly live: boolean;
}) {
  const { own, other, smoothed, best, live } = props;
  const face = useCurvesFace(own.curves);
  const compared = useCurvesFace(other?.curves ?? null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: of both sides only name and curves count, `own` is new each time
  const shown = useMemo(
    () =>
      plots
        .filter((plot) => isShown(plot, face.present))
        .map(({ id, title, names }) => ({
          id,
          title,
          curves: [
            ...(other === null ? [] : curvesOf({ id, names }, other, { run: other.name, face: compared, smoothed })),
            ...curvesOf({ id, names }, own, { run: other === null ? null : own.name, face, smoothed, best }),
          ],
        })),
    [own.curves, other?.curves, own.name, other?.name, smoothed, best, face, compared],
  );
  const small = shown.length - 1;
  return (
    <div className="curve-grid" data-last-of-three={small % 3} data-last-of-two={small % 2}>
      {shown.map((plot) => (
        <div key={plot.id} className={`curve-cell ${plot.id}`}>
          <LineChart
            title={plot.title}
            group={props.group}
            curves={plot.curves}
            marks={props.marks}
            xName={words.step}
            coming={
              plot.id === "loss" && !face.present.has("loss") ? words.firstStep[live ? "coming" : "none"] : undefined
            }
          />
        </div>
      ))}
    </div>
  );
}

/** The loss always; its parts where it has two; the rest where this run's loss gives any value. */
function isShown({ id, names }: Plot, present: ReadonlySet<CurveName>): boolean {
  return id === "loss" || names.every((name) => present.has(name));
}

interface Side {
  /** Name of the run where two are compared; null = a run alone. Its own lines then have their own colours. */
  readonly run: string | null;
  readonly face: CurvesFace;
  readonly smoothed: boolean;
  /** Of the run that is looked at. */
  readonly best?: number | null;
}

function curvesOf({ id, names }: Pick<Plot, "id" | "names">, { name: key, curves }: Named, side: Side): Curve[] {
  const compared = side.best === undefined;
  const label = (word: string) => (side.run === null ? word : `${side.run}, ${word}`);
  const lines = names.flatMap((name): Curve[] => {
    const series = curves.curves.get(name);
    if (series === undefined || !(side.face.present.has(name) || name === "loss")) return [];
    return [
      {
        id: `${key} ${name}`,
        label: label(
          names.length > 1
            ? words.curves[name]
            : name === "loss" && side.smoothed
              ? words.curves.smoothed
              : words.curves.training,
        ),
        color: compared ? "--aligned" : (colors[name] ?? "--accent"),
        series,
        // A loss stands in several places; here it is the smoothed one.
        named: name === "loss" && side.smoothed,
      },
    ];
  });
  const evaluation = id === "loss" ? curves.evaluationLoss : id === "accuracy" ? curves.evaluationAccuracy : null;
  if (evaluation === null || !side.face.evaluated) return lines;
  return [
    ...lines,
    {
      id: `${key} evaluation`,
      label: label(words.curves.evaluation),
      color: compared ? "--question" : "--revision",
      series: evaluation,
      dots: true,
      ringed: side.best ?? null,
    },
  ];
}
