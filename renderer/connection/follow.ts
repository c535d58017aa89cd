/** Follows a numbered stream across broken lines: asks "since n" after every break; nothing is lost, nothing comes twice. */
import type { StreamPosition } from "../../core/contract/workbench/common.ts";
import { fromWire } from "./wireErrors.ts";

export interface Frame {
  readonly position: StreamPosition;
  /** Replaces everything known. */
  readonly reset: boolean;
}

export interface FollowOptions<T extends Frame> {
  /** Asks for everything after `since`. */
  readonly open: (since: StreamPosition | null, signal: AbortSignal) => Promise<AsyncIterable<T>>;
  readonly onFrame: (frame: T) => void;
  /** Resolves when there is a line. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Resolves when `signal` aborted; rejects with what the other side answered when it refused. A broken line is no
 * refusal, and neither is the end of the stream (the service went away): both are waited for and asked again.
 */
export async function follow<T extends Frame>(options: FollowOptions<T>): Promise<void> {
  const { signal } = options;
  let since: StreamPosition | null = null;
  while (!signal.aborted) {
    try {
      await options.ready(signal);
      for await (const frame of await options.open(since, signal)) {
        if (signal.aborted) return;
        if (isOld(frame, since)) continue;
        since = frame.position;
        options.onFrame(frame);
      }
      // A stream that ends at once must not be asked for again without a breath.
      await nextTask();
    } catch (thrown) {
      if (signal.aborted) return;
      const error = fromWire(thrown);
      if (error.code !== "unreachable") throw error;
      await nextTask();
    }
  }
}

function isOld(frame: Frame, since: StreamPosition | null): boolean {
  return !frame.reset && since !== null && frame.position.epoch === since.epoch && frame.position.seq <= since.seq;
}

function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
