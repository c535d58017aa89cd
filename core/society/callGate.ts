/**
 * The gate that every model call passes. It holds back what need not start yet: enough calls are in flight to keep the
 * engine's batch full, and no more, so that a pause takes effect after one call and not after a round. Earlier
 * interactions go first, so that the journal, which is in order, grows steadily.
 */
import { FolkmootError } from "../contract/errors.ts";
import type { SocietyControls } from "./controls.ts";

interface Waiting {
  readonly interaction: number;
  start(): void;
  reject(error: unknown): void;
}

export class CallGate implements Disposable {
  private readonly limit: number;
  private readonly controls: SocietyControls;
  private readonly signal: AbortSignal;
  private readonly detach: () => void;
  /** Ascending by interaction; among equals in order of arrival. */
  private readonly waiting: Waiting[] = [];
  private readonly unfinished = new Set<number>();
  private stepping: number | undefined;
  private inFlight = 0;

  /** `limit`: calls in flight at most. Interactions are named by their place in the run, from 0. */
  constructor(limit: number, controls: SocietyControls, signal: AbortSignal) {
    this.limit = limit;
    this.controls = controls;
    this.signal = signal;
    const abort = () => this.rejectAll();
    signal.addEventListener("abort", abort);
    const unsubscribe = controls.onChange(() => this.dispatch());
    this.detach = () => {
      signal.removeEventListener("abort", abort);
      unsubscribe();
    };
  }

  /** Announces an interaction; the first unfinished one is what a step runs. */
  open(interaction: number): void {
    this.unfinished.add(interaction);
  }

  close(interaction: number): void {
    this.unfinished.delete(interaction);
    if (this.stepping === interaction) this.stepping = undefined;
    this.dispatch();
  }

  /** Runs `call` when its turn has come. @throws FolkmootError `cancelled` when the run is stopped before. */
  run<T>(interaction: number, call: () => Promise<T>): Promise<T> {
    if (this.signal.aborted) return Promise.reject(stopped());
    return new Promise<T>((resolve, reject) => {
      const start = () => {
        this.inFlight++;
        (async () => call())()
          .then(resolve, reject)
          .finally(() => {
            this.inFlight--;
            this.dispatch();
          });
      };
      this.insert({ interaction, start, reject });
      this.dispatch();
    });
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  private insert(entry: Waiting): void {
    let [low, high] = [0, this.waiting.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.waiting[middle]?.interaction ?? 0) <= entry.interaction) low = middle + 1;
      else high = middle;
    }
    this.waiting.splice(low, 0, entry);
  }

  private dispatch(): void {
    while (this.inFlight < this.limit) {
      const index = this.nextIndex();
      if (index === -1) return;
      this.waiting.splice(index, 1)[0]?.start();
    }
  }

  private nextIndex(): number {
    if (this.controls.state === "running") return this.waiting.length > 0 ? 0 : -1;
    if (this.stepping === undefined && this.unfinished.size > 0 && this.controls.takeStep())
      this.stepping = Math.min(...this.unfinished);
    return this.waiting.findIndex(({ interaction }) => interaction === this.stepping);
  }

  private rejectAll(): void {
    for (const { reject } of this.waiting.splice(0)) reject(stopped());
  }
}

export function stopped(): FolkmootError {
  return new FolkmootError("cancelled", {
    message: "The society was stopped.",
    action: "Resume it when you like; every finished interaction is kept.",
  });
}
