/** The curves of one alignment run in typed arrays: fetched once, then grown by its stream. */

import type { MetricName } from "../../../core/contract/workbench/align.ts";
import type { WorkbenchClient } from "../../../core/contract/workbench.ts";
import { Series } from "../../charts/series.ts";
import { SmoothedSeries } from "../../charts/smoothing.ts";
import type { LiveRun } from "../../jobs/liveRun.ts";

/** What is drawn, in the order of the plots. */
export const curveNames = [
  "loss",
  "nll",
  "penalty",
  "margin",
  "accuracy",
  "gradNorm",
  "learningRate",
] as const satisfies readonly MetricName[];
export type CurveName = (typeof curveNames)[number];

/** Points asked for per curve; more than any screen has pixels, and room to zoom. */
const points = 100_000;

export class RunCurves {
  readonly curves: ReadonlyMap<CurveName, SmoothedSeries>;
  /** Held-out loss by step. */
  readonly evaluationLoss = new SmoothedSeries();
  readonly evaluationAccuracy = new SmoothedSeries();
  /** False when the history came as least and greatest of each stretch. */
  raw = true;
  steps = 0;
  private readonly run: string;
  private readonly client: WorkbenchClient;
  private readonly changed: () => void;
  private stopListening: () => void = () => {};
  private loading: Promise<void> | null = null;
  private readonly early: { step: number; values: Partial<Record<CurveName, number | null>> }[] = [];
  private disposed = false;

  /** @param changed called after points were added */
  constructor(run: string, client: WorkbenchClient, changed: () => void) {
    this.run = run;
    this.client = client;
    this.changed = changed;
    this.curves = new Map(curveNames.map((name) => [name, new SmoothedSeries(0, new Series(2048))]));
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

  /** `slider` 0-1; see `smoothingScale`. */
  smooth(scale: number): void {
    for (const curve of this.curves.values()) curve.rescale(scale);
  }

  dispose(): void {
    this.disposed = true;
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
    if (from === 1) this.raw = answer.raw;
    this.steps = Math.max(this.steps, answer.steps);
    this.takeEvaluations(answer.evaluations);
    for (const { step, values } of this.early.splice(0)) this.add(step, values);
    this.changed();
  }

  private take(step: number, values: Partial<Record<CurveName, number | null>>): void {
    // Points that come while the history is on its way would shut it out: they wait.
    if (this.loading !== null) this.early.push({ step, values });
    else {
      this.add(step, values);
      this.changed();
    }
  }

  private add(step: number, values: Partial<Record<CurveName, number | null>>): void {
    for (const [name, curve] of this.curves) appendKnown(curve, step, values[name]);
    this.steps = Math.max(this.steps, step);
  }

  private takeEvaluations(evaluations: readonly { step: number; loss: number; accuracy: number | null }[]): void {
    const known = this.evaluationLoss.raw.length;
    for (const { step, loss, accuracy } of evaluations) {
      this.evaluationLoss.append(step, loss);
      appendKnown(this.evaluationAccuracy, step, accuracy);
    }
    if (this.evaluationLoss.raw.length > known) this.changed();
  }
}

/** No value (a step without pairs has no margin) is no point; a value that is not a number is one, and shows as a gap. */
function appendKnown(curve: SmoothedSeries, x: number, y: number | null | undefined): void {
  if (y !== null && y !== undefined) curve.append(x, y);
}
