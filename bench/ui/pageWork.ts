/** What a page does per frame, from Chromium's own trace. */
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** CPU time of the thread, microseconds: what the machine does beside it does not count. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface PageWork {
  /** CPU time of the page's main thread per frame, milliseconds: scripts, layout, painting, messages. */
  readonly perFrame: { readonly median: number; readonly p95: number; readonly max: number };
  readonly frames: number;
  readonly framesPerSecond: number;
}

/** No more than is read: every further category costs the page time of its own. */
const categories = ["toplevel", "disabled-by-default-devtools.timeline.frame"];

/** Traces the page while `work` goes on. */
export async function measureFrames(browser: Browser, page: Page, work: () => Promise<unknown>): Promise<PageWork> {
  await browser.startTracing(page, { categories });
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return pageWork(traceEvents, seconds);
}

function pageWork(events: readonly TraceEvent[], seconds: number): PageWork {
  const main = busiestMain(events);
  const own = events.filter(({ pid, tid }) => `${pid} ${tid}` === main).sort((a, b) => a.ts - b.ts);
  const frames = own.filter(({ name }) => name === "BeginMainThreadFrame").map(({ ts }) => ts);
  if (frames.length < 10) throw new Error(`Only ${frames.length} frames in the trace.`);
  const work = new Float64Array(frames.length);
  let frame = 0;
  for (const { name, ph, ts, dur = 0, tdur = dur } of own) {
    if (name !== "ThreadControllerImpl::RunTask" || ph !== "X") continue;
    // A frame begins within its task, so a task belongs to the first frame that begins before its end.
    while (frame < frames.length && (frames[frame] ?? 0) < ts) frame++;
    if (frame < frames.length) work[frame] = (work[frame] ?? 0) + tdur / 1000;
  }
  // The first one has everything before it.
  const sorted = work.slice(1).sort();
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return {
    perFrame: { median: at(0.5), p95: at(0.95), max: at(1) },
    frames: frames.length,
    framesPerSecond: round(frames.length / seconds),
  };
}

/** The renderer's main thread that did the most: the page's own. */
function busiestMain(events: readonly TraceEvent[]): string {
  const mains = new Map<string, number>();
  for (const { name, args, pid, tid } of events)
    if (name === "thread_name" && args?.name === "CrRendererMain") mains.set(`${pid} ${tid}`, 0);
  for (const { pid, tid, tdur = 0 } of events) {
    const key = `${pid} ${tid}`;
    const known = mains.get(key);
    if (known !== undefined) mains.set(key, known + tdur);
  }
  const [busiest] = [...mains].sort(([, a], [, b]) => b - a);
  if (busiest === undefined) throw new Error("The trace has no page.");
  return busiest[0];
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
