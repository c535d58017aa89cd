/** A person's hand on a running training: pause and resume. Stopping is the run's `AbortSignal`. */

/** Made by whoever starts the run and kept by it; the same object may be used before, during and after. */
export class AlignmentControls {
  private current: "running" | "paused" = "running";
  private readonly waiting = new Set<() => void>();

  get state(): "running" | "paused" {
    return this.current;
  }

  /** No step begins from now on; the one in flight finishes. Model and adapter stay in memory. */
  pause(): void {
    this.current = "paused";
  }

  resume(): void {
    this.current = "running";
    for (const wake of this.waiting) wake();
  }

  /** Resolves when nothing is paused, or when `signal` aborts. For the run. */
  async whilePaused(signal: AbortSignal | undefined): Promise<void> {
    while (this.current === "paused" && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.waiting.add(resolve);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
      this.waiting.clear();
    }
  }
}
