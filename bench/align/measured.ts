/** What one run of a trainer has cost. */
import { machine } from "../machine.ts";

export interface Measured {
  /** Median over the steps but the first, which also makes what later ones reuse. One sample a step. */
  readonly secondsPerSample: number;
  /** Largest resident set of the process that trains. */
  readonly peakBytes: number;
  readonly before: MachineState;
}

export type MachineState = Pick<ReturnType<typeof machine>, "load" | "freeGiB" | "date">;

/** Load and free memory before a run. */
export function machineState(): MachineState {
  const { load, freeGiB, date } = machine();
  return { load, freeGiB, date };
}

export function gibibytes(bytes: number): number {
  return +(bytes / 2 ** 30).toFixed(3);
}
