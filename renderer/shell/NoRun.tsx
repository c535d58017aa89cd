import type { ReactNode } from "react";
import type { RunSummary } from "../../core/contract/workbench/runs.ts";
import { useLists } from "../app/hooks.ts";
import { EmptyState } from "../components/EmptyState.tsx";
import { RunSelect } from "../components/RunSelect.tsx";
import { ScreenBar } from "./ScreenBar.tsx";

/** The screen of a kind of run while none is looked at: there is none yet, or the one that was asked for is gone. */
export function NoRun(props: {
  readonly words: { readonly title: string; readonly choose: string; readonly none: string; readonly noneText: string };
  readonly icon: ReactNode;
  readonly runs: readonly RunSummary[];
  readonly onChoose: (run: string) => void;
  readonly actions: ReactNode;
  /** In the middle of the screen, where they are the one thing to do. Default: `actions`. */
  readonly firstActions?: ReactNode;
}) {
  const { words, runs, actions } = props;
  const loaded = useLists((lists) => lists.loaded);
  return (
    <div className="screen">
      <ScreenBar title={words.title} actions={actions}>
        {runs.length === 0 ? null : (
          <RunSelect label={words.choose} runs={runs} value={null} onChange={props.onChoose} />
        )}
      </ScreenBar>
      <div className="screen-body">
        {loaded ? (
          <EmptyState icon={props.icon} title={words.none} actions={props.firstActions ?? actions}>
            {words.noneText}
          </EmptyState>
        ) : null}
      </div>
    </div>
  );
}
