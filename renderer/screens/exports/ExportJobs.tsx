import { useMemo } from "react";
import { useLists } from "../../app/hooks.ts";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { ProgressLine } from "../../components/ProgressLine.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { isLive } from "../../stores/lists.ts";

/** Exports that are being made, and those that failed. */
export function ExportJobs() {
  const jobs = useLists((lists) => lists.jobs);
  const shown = useMemo(
    () => [...jobs.values()].filter((job) => job.kind === "export" && (isLive(job.state) || job.state === "failed")),
    [jobs],
  );
  if (shown.length === 0) return null;
  return (
    <ul className="export-jobs">
      {shown.map((job) => (
        <li key={job.job}>
          <div className="now-head">
            <b className="truncate">{job.name}</b>
            <StateBadge state={job.state} />
            <span className="now-buttons">
              <JobControls job={job.job} run={null} state={job.state} actions={job.actions} short />
            </span>
          </div>
          {job.error !== null ? (
            <ErrorNote error={job.error} />
          ) : (
            <ProgressLine label={job.name} progress={job.progress} state={job.state} waitsFor={job.waitsFor} />
          )}
        </li>
      ))}
    </ul>
  );
}
