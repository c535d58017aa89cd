/** A person's hand on a running society: pause, step, resume. Stopping is the run's `AbortSignal`. */

export type SocietyState = "running" | "paused";

/** Made by whoever starts the run and kept by it; the same object may be used before, during and after. */
export class SocietyControls {
  private current: SocietyState = "running";
  private steps = 0;
  private readonly listeners = new Set<() => void>();

  get state(): SocietyState {
    return this.current;
  }

  /** No model call starts from now on; those in flight finish. */
  pause(): void {
    this.current = "paused";
    this.notify();
  }

  resume(): void {
    this.current = "running";
    this.steps = 0;
    this.notify();
  }

  /** Pauses, and lets the first unfinished interaction run to its end. Repeated calls queue up. */
  step(): void {
    this.current = "paused";
    this.steps++;
    this.notify();
  }

  /** Takes one asked-for step, if there is one. For the run. */
  takeStep(): boolean {
    if (this.steps === 0) return false;
    this.steps--;
    return true;
  }

  /** Calls `listener` after every change; the returned function ends that. For the run. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}
