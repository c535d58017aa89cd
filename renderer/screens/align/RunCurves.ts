/** The curves of one alignment run in typed arrays: fetched once, then grown by its stream. */

import type { MetricName } from "../../../core/contract/workbench/align.ts";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import type { XRange } from "../../charts/clampView.ts";
import { Series } from "../../charts/series.ts";
import { SmoothedSeries } from "../../charts/smoothing.ts";
import type { LiveRun } from "../../jobs/liveRun.ts";
import { type Fineness, FinerPoints, finerPoints, type Thinned } from "./finerPoints.ts";

/** What is drawn, in the order of the plots. */
export const curveNames = [
  "loss",
  "nll",
  "penalty",
  "margin",
  "accuracy",
  "rewards/chosen",
  "rewards/rejected",
  "rewards/margins",
  "rewards/accuracies",
  "gradNorm",
  "learningRate",
] as const satisfies readonly MetricName[];
export type CurveName = (typeof curveNames)[number];

/** Of one step; a curve without a value there has null, or nothing. */
type StepValues = Readonly<Partial<Record<CurveName, number | null | undefined>>>;

/** Points asked for per curve: more than any screen has pixels. Of longer runs a part that is looked at comes finer. */
const points = 100_000;

/** What React draws beside the points; a new object when any of it changed. */
export interface CurvesFace {
  /** Curves that have anything to show in this run. */
  readonly present: ReadonlySet<CurveName>;
  /** The evaluation curve has a point. */
  readonly evaluated: boolean;
  readonly fineness: Fineness;
}

export const noCurves: CurvesFace = { present: new Set(), evaluated: false, fineness: "every" };

export class RunCurves {
  readonly curves: ReadonlyMap<CurveName, SmoothedSeries>;
  /** Held-out loss by step. */
  readonly evaluationLoss = new SmoothedSeries();
  readonly evaluationAccuracy = new SmoothedSeries();
  steps = 0;
  face: CurvesFace = noCurves;
  /** Set when the history came as least and greatest of each stretch. */
  private thinned: Thinned | null = null;
  private readonly finer: FinerPoints;
  private view: XRange | null = null;
  private readonly watchers = new Set<() => void>();
  private readonly run: string;
  private readonly client: WorkbenchClient;
  private readonly changed: () => void;
  private stopListening: () => void = () => {};
  private loading: Promise<void> | null = null;
  private readonly early: { step: number; values: StepValues }[] = [];
  private disposed = false;

  /** @param changed called after points were added */
  constructor(run: string, client: WorkbenchClient, changed: () => void) {
    this.run = run;
    this.client = client;
    this.changed = changed;
    this.curves = new Map(curveNames.map((name) => [name, new SmoothedSeries(0, new Series(2048))]));
    this.finer = new FinerPoints({
      fetch: (range, signal) => this.fetchPart(range, signal),
      forget: () => {
        for (const curve of this.curves.values()) curve.refine(null);
      },
      thinned: () => this.thinned,
      changed: () => this.told(),
    });
  }

  /** Not every step of the run is a point of its curves. */
  get long(): boolean {
    return this.thinned !== null;
  }

  /** Calls back when `face` is another one. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** The part that is looked at; null = the whole run. Finer points of it come by themselves. */
  look(view: XRange | null): void {
    this.view = view;
    this.finer.look(view);
  }

  /** Fetches what there is and follows `live`, if the run has a stream. Rejects when the run cannot be read. */
  async follow(live: LiveRun | null): Promise<void> {
    this.stopListening();
    this.stopListening =
      live?.listen({
        metrics: ({ line }) => this.take(line.step, line),
        reset: () => {
          this.takeEvaluations(live.snapshot?.align?.evaluations ?? []);
          if (this.loading === null) void this.load();
        },
        changed: () => this.takeEvaluations(live.snapshot?.align?.evaluations ?? []),
      }) ?? (() => {});
    this.takeEvaluations(live?.snapshot?.align?.evaluations ?? []);
    await this.load();
  }

  /** @param scale see `smoothingScale`. The learning rate has no noise: smoothed it would only lag behind itself. */
  smooth(scale: number): void {
    for (const [name, curve] of this.curves) curve.rescale(name === "learningRate" ? 0 : scale);
  }

  dispose(): void {
    this.disposed = true;
    this.finer.dispose();
    this.stopListening();
  }

  private load(): Promise<void> {
    this.loading ??= this.fetch().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async fetch(): Promise<void> {
    const from = this.steps + 1;
    const answer = await this.client.align.metrics({ run: this.run, names: [...curveNames], from, points });
    if (this.disposed) return;
    for (const series of answer.series) {
      const curve = this.curves.get(series.name as CurveName);
      if (curve === undefined) continue;
      for (const [index, x] of series.x.entries()) appendKnown(curve, x, series.y[index]);
    }
    if (from === 1 && !answer.raw)
      this.thinned = { steps: answer.steps, points: Math.max(...answer.series.map(({ x }) => x.length)) };
    this.steps = Math.max(this.steps, answer.steps);
    this.takeEvaluations(answer.evaluations);
    for (const { step, values } of this.early.splice(0)) this.add(step, values);
    this.told();
  }

  /** One curve after the other, each taken over when it comes: no frame has more to do than one of them. */
  private async fetchPart({ from, to }: XRange, signal: AbortSignal): Promise<boolean> {
    let every = true;
    for (const name of this.face.present) {
      const asked = { run: this.run, names: [name], from, to, points: finerPoints };
      const answer = await this.client.align.metrics(asked, { signal });
      if (this.disposed || signal.aborted) return false;
      every &&= answer.raw;
      const curve = this.curves.get(name);
      const [series] = answer.series;
      if (curve === undefined || series === undefined) continue;
      const part = new Series(finerPoints);
      for (const [index, x] of series.x.entries()) appendKnown(part, x, series.y[index]);
      curve.refine({ from, to }, part);
    }
    return every;
  }

  /** Draws, and tells React when there is another curve to be shown or the points became finer or coarser. */
  private told(): void {
    const present = [...this.curves].filter(([name, { raw }]) => hasPoints(name, raw)).map(([name]) => name);
    const fineness = this.finer.fineness(this.view);
    const evaluated = this.evaluationLoss.raw.length > 0;
    const { face } = this;
    if (present.length !== face.present.size || evaluated !== face.evaluated || fineness !== face.fineness) {
      this.face = { present: new Set(present), evaluated, fineness };
      for (const watcher of this.watchers) watcher();
    }
    this.changed();
  }

  private take(step: number, values: StepValues): void {
    // Points that come while the history is on its way would shut it out: they wait.
    if (this.loading !== null) this.early.push({ step, values });
    else {
      this.add(step, values);
      this.told();
    }
  }

  private add(step: number, values: StepValues): void {
    for (const [name, curve] of this.curves) appendKnown(curve, step, values[name]);
    this.steps = Math.max(this.steps, step);
  }

  private takeEvaluations(evaluations: readonly { step: number; loss: number; accuracy: number | null }[]): void {
    const known = this.evaluationLoss.raw.length;
    for (const { step, loss, accuracy } of evaluations) {
      this.evaluationLoss.append(step, loss);
      appendKnown(this.evaluationAccuracy, step, accuracy);
    }
    if (this.evaluationLoss.raw.length > known) this.told();
  }
}

/** A likelihood alone has a penalty that is 0 throughout: nothing to show. */
function hasPoints(name: CurveName, raw: Series): boolean {
  if (name !== "penalty") return raw.length > 0;
  const { min, max } = raw.extent(0, raw.length);
  return min < 0 || max > 0;
}

/** No value (a step without pairs has no margin) is no point; a value that is not a number is one, and shows as a gap. */
function appendKnown(to: Pick<Series, "append">, x: number, y: number | null | undefined): void {
  if (y !== null && y !== undefined) to.append(x, y);
}
