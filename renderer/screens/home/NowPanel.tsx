import { useStore } from "zustand";
import { useWorkbench } from "../../app/hooks.ts";
import { JobControls } from "../../components/JobControls.tsx";
import { Panel } from "../../components/Panel.tsx";
import { ProgressLine } from "../../components/ProgressLine.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { openActivity } from "../../shell/StatusBar.tsx";
import { activities } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";

/** Live jobs with their controls. */
export function NowPanel() {
  const { lists } = useWorkbench();
  const jobs = activities(useStore(lists));
  return (
    <Panel title={text.home.now} flush>
      {jobs.length === 0 ? (
        <p className="now-none">{text.home.nothingRuns}</p>
      ) : (
        <ul className="now-list">
          {jobs.map((job) => (
            <li key={job.job} className="now-item">
              <div className="now-head">
                <button type="button" className="now-name truncate" onClick={() => openActivity(job)}>
                  {job.name}
                </button>
                <span className="badge">{text.kinds[job.kind]}</span>
                <StateBadge state={job.state} />
              </div>
              <div className="now-buttons">
                <JobControls job={job.job} run={job.run} state={job.state} actions={job.actions} short />
              </div>
              <div className="now-progress">
                <ProgressLine label={job.name} progress={job.progress} state={job.state} waitsFor={job.waitsFor} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
