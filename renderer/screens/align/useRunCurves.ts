import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import { useWorkbench } from "../../app/hooks.ts";
import type { CurveGroup } from "../../charts/CurveGroup.ts";
import { fromWire } from "../../connection/wireErrors.ts";
import type { LiveRun } from "../../jobs/liveRun.ts";
import { type CurvesFace, noCurves, RunCurves } from "./RunCurves.ts";

/** The curves of a run for as long as the component stands; new points draw the group and pass React by. */
export function useRunCurves(
  run: string | null,
  live: LiveRun | null,
  group: CurveGroup,
): { readonly curves: RunCurves | null; readonly error: FolkmootError | null } {
  const { client } = useWorkbench();
  const [state, setState] = useState<{ curves: RunCurves | null; error: FolkmootError | null }>({
    curves: null,
    error: null,
  });
  useEffect(() => {
    if (run === null || live === null) {
      setState({ curves: null, error: null });
      return;
    }
    const curves = new RunCurves(run, client, () => group.schedule());
    curves.follow(live).then(
      () => setState({ curves, error: null }),
      (thrown: unknown) => setState({ curves, error: fromWire(thrown) }),
    );
    const look = () => curves.look(group.whole ? null : group.view());
    const stop = group.listen(look);
    return () => {
      stop();
      curves.dispose();
    };
  }, [run, live, client, group]);
  return state;
}

/** Which curves there are to show, and how fine their points are. */
export function useCurvesFace(curves: RunCurves | null): CurvesFace {
  const watch = useCallback((changed: () => void) => curves?.watch(changed) ?? (() => {}), [curves]);
  return useSyncExternalStore(watch, () => curves?.face ?? noCurves);
}
