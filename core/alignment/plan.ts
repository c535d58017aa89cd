/**
 * Which question stands where in a run. A pure function of (seed, rows, position), so the cursor of a checkpoint is a
 * number and needs no generator state beside it.
 */
import { randomStream } from "../random.ts";

export interface PlanSettings {
  readonly epochs: number;
  readonly accumulation: number;
  readonly maxSteps: number | null;
}

export interface Plan {
  /** Optimizer steps. */
  readonly steps: number;
  /** Questions in all; the last step may have fewer than `accumulation`. */
  readonly positions: number;
}

/** At least one question; `epochs` may be a fraction. */
export function planSteps(rows: number, { epochs, accumulation, maxSteps }: PlanSettings): Plan {
  const wanted = Math.max(1, Math.round(epochs * rows));
  const positions = maxSteps === null ? wanted : Math.min(wanted, maxSteps * accumulation);
  return { steps: Math.ceil(positions / accumulation), positions };
}

export interface Place {
  readonly epoch: number;
  /** Index into the training rows. */
  readonly row: number;
}

/** Epoch after epoch, every row once, each epoch shuffled by its own stream. */
export class RowOrder {
  private readonly rows: number;
  private readonly seed: number;
  private epoch = -1;
  private order: readonly number[] = [];

  constructor(rows: number, seed: number) {
    this.rows = rows;
    this.seed = seed;
  }

  at(position: number): Place {
    const epoch = Math.floor(position / this.rows);
    if (epoch !== this.epoch) {
      this.order = randomStream(this.seed, "row-order", epoch).shuffle([...Array(this.rows).keys()]);
      this.epoch = epoch;
    }
    return { epoch, row: this.order[position % this.rows] as number };
  }
}

/** Positions of a step, counted from 1: [first, end). */
export function positionsOfStep(step: number, { positions }: Plan, accumulation: number): [number, number] {
  return [(step - 1) * accumulation, Math.min(positions, step * accumulation)];
}
