/** An abort signal that reaches into a call of the native trainer. */
import { FolkmootError } from "../contract/errors.ts";
import type { NativeTrainer } from "./nativeTrainer.ts";

/** Runs `work`; an abort stops the trainer's call in flight, which then rejects with `cancelled`. */
export async function withCancel<T>(
  trainer: Pick<NativeTrainer, "cancel">,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const cancel = () => trainer.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    return await work();
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

export function stoppedBeforeFirstStep(): FolkmootError {
  return new FolkmootError("cancelled", {
    message: "Training was stopped before its first step.",
    action: "Start it again when you like; what was prepared is kept.",
  });
}
