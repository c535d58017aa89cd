import type { RunSnapshot, RunSummary } from "../../core/contract/workbench/runs.ts";
import type { ShownError } from "../app/diagnostics.ts";
import { ErrorNote } from "./ErrorNote.tsx";
import { ProgressLine } from "./ProgressLine.tsx";
import { RunWarnings } from "./RunWarnings.tsx";
import "./RunHead.css";

/** Below the top line of a run's screen: how far it is, what went wrong in it, and what ended it. */
export function RunHead(props: {
  readonly run: RunSummary;
  /** Null before the first frame of its stream. */
  readonly snapshot: RunSnapshot | null;
  /** Of what the screen itself asked for. */
  readonly error?: ShownError | null;
  /** Without its progress: what it came to says more. */
  readonly bare?: boolean;
}) {
  const { run, snapshot } = props;
  const error = snapshot?.error ?? run.error ?? props.error ?? null;
  return (
    <>
      {props.bare ? null : (
        <div className="run-progress">
          <ProgressLine
            label={run.name}
            progress={snapshot?.progress ?? run.progress}
            state={snapshot?.state ?? run.state}
            waitsFor={snapshot?.waitsFor ?? run.waitsFor}
          />
        </div>
      )}
      <RunWarnings warnings={snapshot?.warnings ?? []} />
      {error === null ? null : (
        <div className="run-error">
          <ErrorNote error={error} />
        </div>
      )}
    </>
  );
}
