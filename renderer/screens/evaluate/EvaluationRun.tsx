import { FileText, RotateCcw } from "lucide-react";
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";
import { go, useLiveRun, useRequest, useSnapshot, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { MenuButton } from "../../components/MenuButton.tsx";
import { RunHead } from "../../components/RunHead.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { usePick } from "../../components/usePick.tsx";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { AnswerBrowser } from "./AnswerBrowser.tsx";
import { EvaluateButtons } from "./EvaluateScreen.tsx";
import { SummaryPanel } from "./SummaryPanel.tsx";

const words = text.evaluate;

/** An evaluation: how base and aligned compare, and every pair of answers. */
export function EvaluationRun({
  run,
  evaluations,
}: {
  readonly run: RunSummary;
  readonly evaluations: readonly RunSummary[];
}) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const snapshot = useSnapshot(useLiveRun(run.run));
  const { pick, picker } = usePick();
  const state = snapshot?.state ?? run.state;
  // Answers so far: the summary and the list follow in steps of ten, and at the end.
  const answered = Math.floor((snapshot?.progress?.done ?? 0) / 10);
  const summary = useRequest(() => client.evaluation.summary({ run: run.run }), [run.run, answered, state]);
  const report = async (format: "markdown" | "html") => {
    const ending = format === "html" ? "html" : "md";
    const path = await pick({
      title: words.reportTitle,
      kind: "save",
      endings: [ending],
      remember: "exports",
      name: `${run.run.replaceAll("/", "-")}.${ending}`,
    });
    if (path === null) return;
    const done = await workbench.attempt(() => client.evaluation.report({ run: run.run, path, format }));
    if (done !== null) workbench.toasts.say(words.reported(done.path));
  };
  return (
    <div className="screen">
      <ScreenBar
        title={words.title}
        actions={
          <>
            <JobControls job={run.run} run={run.run} state={state} actions={snapshot?.actions ?? run.actions} />
            <MenuButton
              small
              icon={<FileText size={13} />}
              entries={(["markdown", "html"] as const).map((format) => ({
                id: format,
                name: words.reports[format],
                onAction: () => void report(format),
              }))}
            >
              {words.report}
            </MenuButton>
            <Button
              small
              icon={<RotateCcw size={13} />}
              hint={words.again}
              onPress={() => go("evaluate", "new", run.run)}
            />
            <EvaluateButtons />
          </>
        }
      >
        <RunSelect label={words.choose} runs={evaluations} value={run.run} onChange={(key) => go("evaluate", key)} />
        <StateBadge state={state} />
      </ScreenBar>
      {picker}
      <RunHead run={run} snapshot={snapshot} bare={state === "finished"} />
      <div className="screen-body">
        {summary.error !== null ? (
          <div className="pane-error">
            <ErrorNote error={summary.error} />
          </div>
        ) : summary.data === null ? (
          summary.loading ? null : (
            <EmptyState title={words.waiting} />
          )
        ) : (
          <SplitPanes
            id="evaluation"
            panes={[
              { id: "summary", minimum: 300, start: "38%" },
              { id: "answers", minimum: 400 },
            ]}
          >
            <SummaryPanel summary={summary.data} />
            <AnswerBrowser
              run={run.run}
              answered={answered}
              categories={summary.data.categories.map((one) => one.category)}
            />
          </SplitPanes>
        )}
      </div>
    </div>
  );
}
