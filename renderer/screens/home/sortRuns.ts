/** Order of the list of runs. */
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";

const keys: Readonly<Record<string, (run: RunSummary) => string | number>> = {
  name: (run) => run.name.toLowerCase(),
  kind: (run) => run.kind,
  state: (run) => run.state,
  updated: (run) => run.updated,
};

/** A sorted copy; equal keys keep the newest first. An unknown column sorts by the last change. */
export function sortRuns(
  runs: readonly RunSummary[],
  sort: { readonly by: string; readonly direction: "ascending" | "descending" },
): RunSummary[] {
  const key = keys[sort.by] ?? ((run: RunSummary) => run.updated);
  const sign = sort.direction === "ascending" ? 1 : -1;
  return [...runs].sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === right) return b.updated - a.updated;
    return left < right ? -sign : sign;
  });
}
