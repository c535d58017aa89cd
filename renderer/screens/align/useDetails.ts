import { useRef } from "react";
import type { RunDetails, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { type Request, useRequest, useWorkbench } from "../../app/hooks.ts";

/**
 * What the run was told. Its files are written a moment after the job has begun: until they are there it is asked for
 * again with every new stage, and their absence is no error.
 */
export function useDetails(run: string, snapshot: RunSnapshot | null): Request<RunDetails> {
  const { client } = useWorkbench();
  const found = useRef<string | null>(null);
  const begun = snapshot === null ? null : `${snapshot.state} ${snapshot.progress?.stage ?? ""}`;
  const request = useRequest(
    () => (snapshot === null || snapshot.state === "waiting" ? null : client.runs.get({ run })),
    [run, found.current === run ? "there" : begun],
  );
  if (request.data !== null) found.current = run;
  return found.current !== run && snapshot !== null && !endedStates.includes(snapshot.state)
    ? { ...request, error: null }
    : request;
}

const endedStates: readonly RunSnapshot["state"][] = ["stopped", "failed", "finished"];
