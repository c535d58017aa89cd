/** How components reach the workbench: by selecting from its stores, asking once, or watching a run. */
import {
  createContext,
  type DependencyList,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { useStore } from "zustand";
import type { FolkmootError } from "../../core/contract/errors.ts";
import type { RunSnapshot } from "../../core/contract/workbench/runs.ts";
import { fromWire } from "../connection/wireErrors.ts";
import type { LiveRun } from "../jobs/liveRun.ts";
import type { Lists } from "../stores/lists.ts";
import { formatRoute, parseRoute, type Route, type Screen } from "./route.ts";
import type { Surroundings, Workbench } from "./workbench.ts";

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (workbench === null) throw new Error("No workbench around this component.");
  return workbench;
}

export function useLists<T>(select: (lists: Lists) => T): T {
  return useStore(useWorkbench().lists, select);
}

export function useSurroundings<T>(select: (surroundings: Surroundings) => T): T {
  return useStore(useWorkbench().surroundings, select);
}

/** A value that the window finds again, e.g. `dialogues.sort`. `parse` must stand outside the component. */
export function useFace<T>(key: string, parse: (value: unknown) => T): [T, (value: T) => void] {
  const { face } = useWorkbench();
  const raw = useStore(face.store, (state) => state[key]);
  const value = useMemo(() => parse(raw), [raw, parse]);
  const set = useCallback((next: T) => face.set(key, next), [face, key]);
  return [value, set];
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener("hashchange", changed);
      return () => window.removeEventListener("hashchange", changed);
    },
    () => window.location.hash,
  );
  return useMemo(() => parseRoute(hash), [hash]);
}

export function go(screen: Screen, ...path: readonly string[]): void {
  window.location.hash = formatRoute(screen, ...path);
}

/** As `go`, without a step in the history: selections, not places. */
export function goQuietly(screen: Screen, ...path: readonly string[]): void {
  window.history.replaceState(null, "", formatRoute(screen, ...path));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export interface Request<T> {
  /** The last answer; stays while a new one is on its way. */
  readonly data: T | null;
  readonly error: FolkmootError | null;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** Asks when the dependencies change and after every new line; an answer that was overtaken is dropped. */
export function useRequest<T>(
  ask: (signal: AbortSignal) => Promise<T> | null,
  dependencies: DependencyList,
): Request<T> {
  const { connection } = useWorkbench();
  const opened = useStore(connection.state, (state) => (state.kind === "open" ? state.opened : 0));
  const [state, setState] = useState<{ data: T | null; error: FolkmootError | null; loading: boolean }>({
    data: null,
    error: null,
    loading: true,
  });
  const [round, setRound] = useState(0);
  const asker = useRef(ask);
  asker.current = ask;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says when to ask again
  useEffect(() => {
    const stop = new AbortController();
    const answer = asker.current(stop.signal);
    if (answer === null) {
      setState({ data: null, error: null, loading: false });
      return;
    }
    setState((before) => ({ ...before, loading: true }));
    answer.then(
      (data) => !stop.signal.aborted && setState({ data, error: null, loading: false }),
      (thrown: unknown) =>
        !stop.signal.aborted && setState((before) => ({ ...before, error: fromWire(thrown), loading: false })),
    );
    return () => stop.abort();
  }, [...dependencies, round, opened > 1 ? opened : 0]);
  return { ...state, reload: useCallback(() => setRound((n) => n + 1), []) };
}

/** The live state of a job, for as long as the component stands. Null when `job` is. */
export function useLiveRun(job: string | null): LiveRun | null {
  const { live } = useWorkbench();
  const [run, setRun] = useState<LiveRun | null>(null);
  useEffect(() => {
    if (job === null) {
      setRun(null);
      return;
    }
    const { run: acquired, release } = live.acquire(job);
    setRun(acquired);
    return release;
  }, [live, job]);
  return job === null ? null : run;
}

/** Milliseconds between two looks of React at a run that changes 30 times a second. */
const lookEvery = 200;

/** The run's snapshot, looked at five times a second at most. The object is the same one: select from it, do not keep it. */
export function useSnapshot(run: LiveRun | null): RunSnapshot | null {
  const seen = useRef(0);
  const subscribe = useCallback(
    (changed: () => void) => {
      if (run === null) return () => {};
      let timer: ReturnType<typeof setTimeout> | null = null;
      const look = () => {
        timer = null;
        seen.current = run.version;
        changed();
      };
      const stop = run.listen({
        changed: () => {
          if (timer === null) timer = setTimeout(look, run.snapshot === null || seen.current === 0 ? 0 : lookEvery);
        },
      });
      seen.current = run.version;
      return () => {
        stop();
        if (timer !== null) clearTimeout(timer);
      };
    },
    [run],
  );
  useSyncExternalStore(subscribe, () => (run === null ? -1 : seen.current));
  return run?.snapshot ?? null;
}

/** The time, moving on every `every` milliseconds: for "5 min ago". */
export function useNow(every = 30_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
