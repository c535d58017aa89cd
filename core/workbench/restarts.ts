/** A job whose process died is started again, as long as it gets further each time. */
import { type FolkmootError, toFolkmootError } from "../contract/errors.ts";
import type { RunSnapshot } from "../contract/workbench/runs.ts";
import type { JobContext, JobSpec } from "./job.ts";

/** Restarts of a crashed process within one job; each must have got further than the one before. */
const mostRestarts = 3;

/**
 * A process that died takes its run no further than to the last thing on disk, so the run goes on from there; but only
 * while each start gets further than the one before: what fails in the same place again would fail for ever.
 */
export async function withRestarts(
  { push, signal, setState }: JobContext,
  spec: JobSpec,
): Promise<Record<string, unknown>> {
  const done = () => reached(spec.live.snapshot);
  for (let restart = 0; ; restart++) {
    const before = done();
    try {
      return await spec.work({ push, signal, setState });
    } catch (thrown) {
      const error = toFolkmootError(thrown);
      if (error.code !== "native-crash" || signal.aborted || restart === mostRestarts || done() <= before) throw error;
      push({ type: "warning", message: restartText(error) });
      await spec.resync?.();
      setState("running");
    }
  }
}

/** What died, why, and that nobody has to do anything. */
function restartText({ message, reason }: FolkmootError): string {
  const again =
    "It was started again, and the run goes on from what is on the disk: nothing that was finished is lost, and there is nothing to do. Should it end again without getting further, the run stops and can be resumed.";
  return [message, reason, again].filter((part) => part !== undefined).join(" ");
}

/** How far a run has come; its progress may be that of something on the way (samples, reference log-probabilities). */
function reached({ society, align, progress }: RunSnapshot): number {
  return society?.interactions ?? align?.step ?? progress?.done ?? 0;
}
