/** Ctrl+C: the first asks the work to stop and keeps what is finished, the second leaves at once. */
import type { EventEmitter } from "node:events";

export const interruptedExitCode = 130;

/**
 * Runs `work` with a signal that the first SIGINT, SIGTERM or SIGHUP aborts.
 * @param signals where the operating system's signals arrive (`process`)
 * @param say told once, when the first interrupt came
 * @param leave called on the second; must not return to the work
 */
export async function withCancellation<Result>(
  signals: EventEmitter,
  say: (text: string) => void,
  leave: (code: number) => void,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) {
      leave(interruptedExitCode);
      return;
    }
    say("Stopping; what is finished is kept. Press Ctrl+C again to leave now.");
    controller.abort();
  };
  const names = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) signals.on(name, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of names) signals.off(name, interrupt);
  }
}
