/** When a run is stopped because its numbers went astray, and which of its checkpoints is still good. Pure. */
import { FolkmootError } from "../contract/errors.ts";
import type { EvaluationPoint } from "./alignmentCheckpoint.ts";

/** Steps whose mean loss is compared with the base: single ones are noisy. */
const window = 8;
/** A loss so many times that of the base has risen, be it noise or not. */
const risenFactor = 1.5;

export interface LossHistory {
  /** Of the steps from 1 on, each measured before its own update. */
  readonly losses: readonly number[];
  readonly evaluations: readonly EvaluationPoint[];
}

/** What the model cost before it was trained: the loss of the first step, or of the held-out rows where that is more. */
function baseLoss({ losses, evaluations }: LossHistory): number {
  return Math.max(losses[0] ?? Number.NEGATIVE_INFINITY, heldOutAtStart(evaluations) ?? Number.NEGATIVE_INFINITY);
}

/**
 * What is wrong with the newest step, as the end of a sentence; null while all is well. Steps before the first count
 * as the base, so that a short run is judged too.
 * @param history with the newest step
 */
export function faultOfStep(history: LossHistory): string | null {
  const last = history.losses.slice(-window);
  if (!Number.isFinite(last.at(-1))) return "the loss is not a finite number";
  const base = baseLoss(history);
  const mean = (last.reduce((sum, loss) => sum + loss, 0) + base * (window - last.length)) / window;
  if (mean <= limitOf(base)) return null;
  return `the mean loss of the last ${last.length} steps is ${said(last.reduce((sum, loss) => sum + loss, 0) / last.length)}, and it was ${said(base)} before the first update`;
}

/** The same of the newest point on the held-out rows. */
export function faultOfPoint(evaluations: readonly EvaluationPoint[]): string | null {
  const loss = evaluations.at(-1)?.loss as number;
  if (!Number.isFinite(loss)) return "the loss on the held-out rows is not a finite number";
  const start = heldOutAtStart(evaluations);
  if (start === undefined || loss <= limitOf(start)) return null;
  return `the loss on the held-out rows is ${said(loss)}, and it was ${said(start)} before the first update`;
}

/**
 * The newest checkpoint that was written before the losses rose, steps' or held-out; undefined without one.
 * @param history with the step or point that went astray
 * @param kept steps of the checkpoints that are there
 */
export function lastGoodCheckpoint(history: LossHistory, kept: readonly number[]): number | undefined {
  const { losses, evaluations } = history;
  const limit = risenFactor * baseLoss(history);
  // A loss that is no number has risen.
  const risen = (loss: number) => !(loss <= limit);
  let rise = losses.findIndex((loss, i) => i >= losses.length - window && risen(loss));
  if (rise === -1) rise = losses.length;
  while (rise > 0 && risen(losses[rise - 1] as number)) rise--;
  const risenPoint = evaluations.find(({ step, loss }) => step > 0 && risen(loss))?.step ?? Number.POSITIVE_INFINITY;
  // losses[i] is that of the adapter after i steps, so the one after `rise` steps is the first that is bad.
  const good = kept.filter((step) => step < rise && step < risenPoint);
  return good.length === 0 ? undefined : Math.max(...good);
}

export interface Divergence extends LossHistory {
  /** At fault, counted from 1. */
  readonly step: number;
  /** As the end of a sentence. */
  readonly fault: string;
  /** Highest of the schedule. */
  readonly learningRate: number;
  /** Step of the best checkpoint on the held-out rows; undefined without one. */
  readonly best: number | undefined;
  /** Steps of the checkpoints that are there. */
  readonly kept: readonly number[];
}

/** Says which checkpoint is left, where one is known to be good, and what to lower. */
export function diverged(divergence: Divergence): FolkmootError {
  const { step, fault, learningRate, best, kept } = divergence;
  const good = best ?? lastGoodCheckpoint(divergence, kept);
  // What broke before anything good was kept was far too high.
  const lower = roundedDown(learningRate / (good === undefined ? 10 : 3));
  const again = `Start again in another folder with a lower learning rate, such as ${lower} (--out, --learning-rate ${lower})`;
  const why =
    best === undefined ? "was written before the losses rose" : "is better than the base on the held-out rows";
  const left = good === undefined ? "" : `, or use the checkpoint of step ${good}, which ${why}`;
  return new FolkmootError("training-diverged", {
    message: `Training stopped at step ${step}: ${fault}.${good === undefined ? ` ${nothingGood(kept)}` : ""}`,
    reason: `The learning rate (${learningRate}) is too high for this model and data, or the data hold broken rows.`,
    action: `${again}${left}.`,
    details: { step, base: baseLoss(divergence), goodCheckpoint: good ?? null, learningRate: lower },
  });
}

function nothingGood(kept: readonly number[]): string {
  if (kept.length === 0) return "No checkpoint had been kept yet.";
  const steps = kept.toSorted((a, b) => a - b).join(", ");
  return `No checkpoint is known to be good: those kept (${steps}) were written after the losses rose.`;
}

/** To one digit: 3.33e-5 as 3e-5. */
function roundedDown(rate: number): number {
  const unit = 10 ** Math.floor(Math.log10(rate));
  return Number((Math.floor(rate / unit + 1e-9) * unit).toPrecision(1));
}

/** Before the first update no setting of the training can be at fault. */
export function brokenFromTheStart(model: string, fault: string): FolkmootError {
  return new FolkmootError("model-corrupt", {
    message: `${model} cannot be trained: before the first update ${fault}.`,
    reason: "The file holds damaged weights, or the data hold a row that the model cannot bear.",
    action: "Check the file, e.g. download it again.",
    details: { path: model },
  });
}

/** Three times the base and a nat: a base near 0 may well be passed threefold. */
function limitOf(base: number): number {
  return 1 + 3 * base;
}

function heldOutAtStart(evaluations: readonly EvaluationPoint[]): number | undefined {
  return evaluations.find(({ step }) => step === 0)?.loss;
}

function said(loss: number): string {
  return loss.toPrecision(3);
}
