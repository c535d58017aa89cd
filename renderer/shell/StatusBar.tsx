import { CircleAlert, Cpu, MemoryStick, WifiOff } from "lucide-react";
import { useStore } from "zustand";
import { go, useWorkbench } from "../app/hooks.ts";
import { ProgressLine } from "../components/ProgressLine.tsx";
import { formatBytes } from "../format/numbers.ts";
import { progressText } from "../jobs/progressText.ts";
import { type Activity, activities, waitsOf } from "../stores/lists.ts";
import { text } from "../text/en.ts";
import { openRun } from "./commands.ts";
import "./StatusBar.css";

/** Jobs shown in the bar; the others are counted. */
const mostShown = 2;

export function StatusBar() {
  const workbench = useWorkbench();
  const connection = useStore(workbench.connection.state);
  const machine = useStore(workbench.machine);
  return (
    <footer className="status">
      {connection.kind === "lost" ? (
        <span className="status-item lost" role="alert">
          <CircleAlert size={12} aria-hidden />
          {text.shell.lost(connection.attempt)}
        </span>
      ) : (
        <span className="status-item" title={text.shell.offlineHint}>
          <WifiOff size={12} aria-hidden />
          {connection.kind === "connecting" ? text.shell.connecting : text.shell.offline}
        </span>
      )}
      {machine === null ? null : (
        <>
          <span className="status-item" title={text.shell.deviceHint}>
            <Cpu size={12} aria-hidden />
            <span className="truncate status-device">{machine.device}</span>
            <span className="status-lease">
              {machine.lease.holder === "free"
                ? text.shell.deviceFree
                : machine.lease.holder === "inference"
                  ? text.shell.deviceInference
                  : text.shell.deviceTraining}
            </span>
          </span>
          <span className="status-item numeric" title={text.shell.memoryHint}>
            <MemoryStick size={12} aria-hidden />
            {text.shell.memory(
              formatBytes(machine.memory.total - machine.memory.free),
              formatBytes(machine.memory.total),
            )}
          </span>
        </>
      )}
      <StatusJobs />
    </footer>
  );
}

function StatusJobs() {
  const { lists } = useWorkbench();
  // The whole store: progress is what the bar is for.
  const all = useStore(lists);
  const jobs = activities(all).map((job) => ({
    ...job,
    said: progressText({ ...job, ...waitsOf(all, job) }),
  }));
  if (jobs.length === 0) return <span className="status-item end">{text.shell.noJobs}</span>;
  return (
    <div className="status-jobs">
      {jobs.slice(0, mostShown).map((job) => (
        <button key={job.job} type="button" className="status-job" onClick={() => openActivity(job)} title={job.said}>
          <span className="truncate status-job-name">{job.name}</span>
          <ProgressLine short label={job.name} progress={job.progress} state={job.state} waitsFor={job.waitsFor} />
          <span className="truncate status-job-text numeric">{job.said}</span>
        </button>
      ))}
      {jobs.length > mostShown ? <span className="fine">{text.shell.moreJobs(jobs.length - mostShown)}</span> : null}
    </div>
  );
}

/** Where a job is watched. */
export function openActivity(activity: Activity): void {
  if (activity.kind === "export") go("exports");
  else if (activity.kind === "demo") go("home");
  else openRun({ kind: activity.kind, run: activity.run ?? activity.job });
}
