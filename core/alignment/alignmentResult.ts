/** What an alignment run came to. */
import type { BestCheckpoint, EvaluationPoint } from "./alignmentCheckpoint.ts";
import type { EndReason } from "./alignmentLoop.ts";
import { bestPoint } from "./earlyStop.ts";
import type { MemoryEstimate } from "./memory/estimate.ts";
import type { TrainerMemory } from "./nativeTrainer.ts";
import type { PreparedRows } from "./prepareRows.ts";

/** Share of the steps at each end whose mean is reported as first and last loss. */
const lossWindow = 0.1;

export type AlignmentResult = {
  /** Optimizer steps done. */
  steps: number;
  /** Steps that epochs and rows give. */
  plannedSteps: number;
  /** Why the session ended; after `time` the same run can go on. */
  ended: EndReason;
  /** Step of the checkpoint that this session went on from; 0 for a new run. */
  resumedFrom: number;
  rows: { training: number; evaluation: number } & PreparedRows["counts"];
  /** Means over the first and the last tenth of the steps (`window` steps each). */
  loss: { first: number; last: number; window: number };
  /** First, last and best point of the evaluation curve (null: none is better than the base); null without held-out rows. */
  evaluation: { first: EvaluationPoint; last: EvaluationPoint; best: EvaluationPoint | null } | null;
  /** The checkpoint at the best point of the curve; null without one, also where it is damaged. */
  best: BestCheckpoint | null;
  /** Prompt and response tokens trained per second of the steps of this session; null when it made none. */
  tokensPerSecond: number | null;
  /** Seconds of this session, loading of rows and checkpoints included. */
  seconds: number;
  /** Bytes that the trainer holds, by part. */
  memory: TrainerMemory;
  /** What was expected of it before the start; null where the shape of the model was not given. */
  memoryEstimate: MemoryEstimate | null;
  /** The adapter of the last step. */
  adapter: string;
  fingerprint: string;
};

export function summarizeLoss(losses: readonly number[]): AlignmentResult["loss"] {
  const window = Math.max(1, Math.round(losses.length * lossWindow));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { first: mean(losses.slice(0, window)), last: mean(losses.slice(-window)), window };
}

export function summarizeCurve(points: readonly EvaluationPoint[]): AlignmentResult["evaluation"] {
  const [first, last] = [points[0], points.at(-1)];
  return first === undefined || last === undefined ? null : { first, last, best: bestPoint(points) ?? null };
}
