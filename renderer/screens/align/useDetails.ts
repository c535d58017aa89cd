import { useEffect } from "react";
import type { RunDetails, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { type Request, useRequest, useWorkbench } from "../../app/hooks.ts";
import { isLive } from "../../stores/lists.ts";

/** Milliseconds until what is not there yet is asked for again. */
const againMs = 1000;

/**
 * What the run was told. Its files are written a moment after the job has begun, of a large model minutes before the
 * first step: until they are there it is asked for again, and their absence is no error.
 */
export function useDetails(run: string, snapshot: RunSnapshot | null): Request<RunDetails> {
  const { client } = useWorkbench();
  const state = snapshot?.state ?? "waiting";
  const request = useRequest(() => (state === "waiting" ? null : client.runs.get({ run })), [run, state]);
  const { error, reload } = request;
  const isEarly = error !== null && isLive(state);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every failure is a new error, after which it waits again
  useEffect(() => {
    if (!isEarly) return;
    const timer = setTimeout(reload, againMs);
    return () => clearTimeout(timer);
  }, [isEarly, error, reload]);
  return isEarly ? { ...request, error: null } : request;
}
