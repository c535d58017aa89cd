/** Turns a job that calls `emit` into the stream of events that the contract promises. */
import type { EmitEvent, JobEvent } from "../contract/events.ts";
import { toWireError } from "./errors.ts";
import type { HostContext } from "./serveHost.ts";

export type Job = (emit: EmitEvent, signal: AbortSignal) => Promise<Record<string, unknown>>;

/**
 * Runs `job` and yields what it emits, in order; the last event is `finished` with what the job returned.
 * Ending the iteration early aborts the job's signal and waits for the job to end, so that nothing runs unwatched.
 */
export async function* jobStream(
  job: Job,
  context: HostContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent, void, void> {
  const stop = new AbortController();
  const watched = AbortSignal.any([stop.signal, context.shutdown, ...(signal === undefined ? [] : [signal])]);
  const waiting: JobEvent[] = [];
  let wake: () => void = () => {};
  let ended: { error?: unknown } | null = null;
  const emit: EmitEvent = (event) => {
    waiting.push(event);
    wake();
  };
  const working = job(emit, watched);
  context.track(working);
  const running = working.then(
    (result) => {
      waiting.push({ type: "finished", result });
      ended = {};
      wake();
    },
    (error: unknown) => {
      ended = { error };
      wake();
    },
  );
  const hasEnded = () => ended as { error?: unknown } | null;
  try {
    while (true) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event;
      const end = hasEnded();
      if (end !== null) {
        if ("error" in end) throw toWireError(end.error);
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (waiting.length > 0 || hasEnded() !== null) resolve();
      });
    }
  } finally {
    stop.abort();
    await running;
  }
}
