import { useMemo } from "react";
import type { CheckpointEntry } from "../../../core/contract/workbench/align.ts";
import type { JobState, RunSnapshot } from "../../../core/contract/workbench/runs.ts";
import { useRequest, useWorkbench } from "../../app/hooks.ts";
import { bestStep } from "./bestStep.ts";

export interface Checkpoints {
  /** Whole ones on the disk, newest first by step; null before the first answer. */
  readonly entries: readonly CheckpointEntry[] | null;
  /** Step of the last one; null without any. */
  readonly last: number | null;
  /** Step of the lowest point of the evaluation curve; null without one after the first step. */
  readonly best: number | null;
}

/** The run's checkpoints, asked for again whenever one was written. */
export function useCheckpoints(run: string, snapshot: RunSnapshot | null, state: JobState): Checkpoints {
  const { client } = useWorkbench();
  const written = snapshot?.align?.checkpoints.length ?? 0;
  const evaluations = snapshot?.align?.evaluations ?? [];
  const best = bestStep(evaluations);
  // The best one is on the disk when the step after its point has begun.
  const passed = best !== null && (snapshot?.align?.step ?? 0) > best;
  const { data } = useRequest(() => client.align.checkpoints({ run }), [run, written, best, passed, state]);
  return useMemo(
    () => ({
      entries: data?.toSorted((a, b) => b.step - a.step) ?? null,
      // The regular ones come first, newest first.
      last: data?.[0]?.step ?? null,
      best,
    }),
    [data, best],
  );
}
