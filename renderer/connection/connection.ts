/** Keeps one line to the workbench open, opens it again when it breaks, and says what state it is in. */
import type { ClientLink, ClientOptions } from "@orpc/client";
import { createStore, type StoreApi } from "zustand/vanilla";
import { FolkmootError } from "../../core/contract/errors.ts";
import type { Line, OpenLine } from "./line.ts";

export type ConnectionState =
  /** Nothing was open yet. */
  | { readonly kind: "connecting" }
  /** `opened` counts the lines, from 1: a change means that the other side may have restarted. */
  | { readonly kind: "open"; readonly opened: number }
  /** `attempt` counts from 1. */
  | { readonly kind: "lost"; readonly attempt: number };

export interface ConnectionOptions {
  readonly open: OpenLine;
  /** Resolves after so many milliseconds, or when `signal` aborts. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Longest pause between two attempts, milliseconds. */
const longestPause = 4000;
/** How long a call waits for a line before it gives up, milliseconds. */
const patience = 10_000;

/** A link that outlives its lines. Calls made while there is none wait for the next, up to ten seconds. */
export class Connection implements ClientLink<Record<never, never>> {
  readonly state: StoreApi<ConnectionState> = createStore<ConnectionState>(() => ({ kind: "connecting" }));
  private readonly options: ConnectionOptions;
  private readonly stop = new AbortController();
  private line: Line | null = null;
  private opened = 0;

  constructor(options: ConnectionOptions) {
    this.options = options;
    void this.keepOpen();
  }

  async call(path: readonly string[], input: unknown, options: ClientOptions<Record<never, never>>): Promise<unknown> {
    const line = this.line ?? (await this.nextLine(options.signal));
    return line.link.call(path, input, options);
  }

  /** Resolves at once when the line is open, else with the next one. */
  async ready(signal?: AbortSignal): Promise<void> {
    while (this.line === null) {
      await new Promise<void>((resolve, reject) => {
        const stop = this.state.subscribe((state) => {
          if (state.kind !== "open") return;
          stop();
          resolve();
        });
        signal?.addEventListener(
          "abort",
          () => {
            stop();
            reject(signal.reason);
          },
          { once: true },
        );
      });
    }
  }

  dispose(): void {
    this.stop.abort();
    this.line?.close();
  }

  private async nextLine(signal: AbortSignal | undefined): Promise<Line> {
    const giveUp = new AbortController();
    const watched = signal === undefined ? giveUp.signal : AbortSignal.any([signal, giveUp.signal]);
    const late = this.options.wait(patience, watched).then(() => {
      throw unreachable();
    });
    try {
      await Promise.race([this.ready(watched), late]);
    } finally {
      giveUp.abort();
      late.catch(() => {});
    }
    if (this.line === null) throw unreachable();
    return this.line;
  }

  private async keepOpen(): Promise<void> {
    let attempt = 0;
    while (!this.stop.signal.aborted) {
      try {
        this.line = await this.options.open(this.stop.signal);
        attempt = 0;
        this.opened++;
        this.state.setState({ kind: "open", opened: this.opened }, true);
        await this.line.closed;
      } catch {
        // Not open: the next attempt follows, and the state below says so.
      }
      this.line = null;
      if (this.stop.signal.aborted) return;
      attempt++;
      if (this.opened > 0 || attempt > 2) this.state.setState({ kind: "lost", attempt }, true);
      await this.options.wait(Math.min(longestPause, 200 * 2 ** (attempt - 1)), this.stop.signal);
    }
  }
}

function unreachable(): FolkmootError {
  return new FolkmootError("unreachable", {
    message: "The workbench does not answer.",
    reason: "Its process has ended or is still starting.",
    action: "Wait until the status bar says that the line is back, or start Folkmoot again.",
  });
}

/** `wait` on the page's own clock. */
export function waitOnClock(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
