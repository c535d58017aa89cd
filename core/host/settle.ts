/** Waiting, on the side of a face, until a host has ended what was stopped. */
import { FolkmootError } from "../contract/errors.ts";

/** The part of a host's client that says when what was stopped is over. */
export interface SettlingHost {
  settled(input: undefined, options: { signal: AbortSignal }): Promise<unknown>;
}

/** A step of a large model, then its checkpoint on a slow disk. */
const usualLimitMs = 60_000;

/**
 * Resolves when the jobs of `host` are over and what they keep is on the disk.
 * @param limitMs longest wait, milliseconds
 * @throws FolkmootError what a job failed with while it was being stopped; `device-busy` when the time is over
 */
export async function settle(host: SettlingHost, limitMs = usualLimitMs): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    await host.settled(undefined, { signal: limit });
  } catch (thrown) {
    if (!limit.aborted) throw thrown;
    throw new FolkmootError("device-busy", {
      message: `What was stopped has not ended within ${limitMs / 1000} seconds.`,
      reason: "A step of a large model takes long, or the disk that its last checkpoint goes to is slow.",
      action: "Wait until the machine is quiet, then resume; what was finished before is kept.",
    });
  }
}
