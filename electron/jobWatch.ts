/** Keeps taskbar, power saving and notifications in step with the jobs. */
import { type BrowserWindow, Notification, powerSaveBlocker } from "electron";
import type { WorkbenchClient } from "../core/contract/workbench.ts";
import { endOf, type LiveJob, LiveJobs } from "./liveJobs.ts";
import type { RecentLog } from "./log.ts";

/** Pause before the list is watched again after the stream broke, milliseconds. */
const againMs = 1_000;

export interface JobWatch {
  readonly jobs: LiveJobs;
  dispose(): void;
}

export interface JobWatchOptions {
  readonly client: WorkbenchClient;
  /** The window as it is at the moment; null while there is none. */
  readonly window: () => BrowserWindow | null;
  readonly show: () => void;
  readonly log: RecentLog;
}

export function watchJobs({ client, window, show, log }: JobWatchOptions): JobWatch {
  const jobs = new LiveJobs();
  const stop = new AbortController();
  let blocker: number | null = null;
  // A notification that nobody holds is collected, and its click is lost.
  const shown = new Set<Notification>();

  const stayAwake = (awake: boolean) => {
    if (awake) blocker ??= powerSaveBlocker.start("prevent-app-suspension");
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  };
  const update = () => {
    stayAwake(jobs.busy().length > 0);
    const { mode, value } = jobs.taskbar();
    const target = window();
    if (target === null || target.isDestroyed()) return;
    if (mode === "none") target.setProgressBar(-1);
    // Above 1 is Electron's word for "no end known".
    else target.setProgressBar(mode === "indeterminate" ? 2 : value, { mode });
  };
  const announce = (job: LiveJob) => {
    const text = endOf(job);
    if (text === null || window()?.isFocused() || !Notification.isSupported()) return;
    const notification = new Notification(text);
    const forget = () => shown.delete(notification);
    notification.on("click", () => {
      forget();
      show();
    });
    notification.on("close", forget);
    shown.add(notification);
    notification.show();
  };
  const follow = async () => {
    while (!stop.signal.aborted) {
      try {
        for await (const frame of await client.runs.watch({}, { signal: stop.signal })) {
          for (const job of jobs.apply(frame)) announce(job);
          update();
        }
      } catch (error) {
        if (!stop.signal.aborted) log.add("main", `the list of jobs broke off: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, againMs).unref());
    }
  };
  void follow();
  return {
    jobs,
    dispose: () => {
      stop.abort();
      stayAwake(false);
    },
  };
}
