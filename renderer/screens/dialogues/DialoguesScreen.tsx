import { MessagesSquare } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { DialogueFilter } from "../../../core/contract/workbench/dialogues.ts";
import { go, goQuietly, useFace, useLists, useRoute, useWorkbench } from "../../app/hooks.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { Search } from "../../components/fields.tsx";
import { RunSelect } from "../../components/RunSelect.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { formatCount, formatShare } from "../../format/numbers.ts";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { runsOfKind } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { DialogueList } from "./DialogueList.tsx";
import { DialogueReader } from "./DialogueReader.tsx";
import { FilterPanel } from "./FilterPanel.tsx";
import { ListMenu } from "./ListMenu.tsx";
import { allRuns, parseFilter, parsePath, parseSort, pathTo, type Target } from "./query.ts";
import { useDialogueRows } from "./useDialogueRows.ts";
import { ViewsMenu } from "./ViewsMenu.tsx";
import "./DialoguesScreen.css";

const words = text.dialogues;

/** Every interaction of every run: filters and list on the left, the thread on the right. */
export function DialoguesScreen() {
  const workbench = useWorkbench();
  const { path } = useRoute();
  const { run, target } = useMemo(() => parsePath(path), [path]);
  const [kept, keepFilter] = useFace("dialogues.filter", parseFilter);
  const [sort, setSort] = useFace("dialogues.sort", parseSort);
  const [search, setSearch] = useState(kept.text);
  const searched = useSettled(search, 150);
  const filter = useMemo<DialogueFilter>(
    () => ({ ...kept, text: searched, runs: run === null ? [] : [run] }),
    [kept, searched, run],
  );
  const rows = useDialogueRows(filter, sort);
  const undone = useStore(workbench.undone);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was taken back may be in view
  useEffect(() => rows.refresh(), [undone]);
  const runs = useLists((lists) => lists.runs);
  const societies = useMemo(() => runsOfKind(runs, "society"), [runs]);
  const [selected, setSelected] = useState<number | null>(null);
  const searchField = useRef<HTMLInputElement>(null);
  useEffect(() => focusOnSlash(searchField), []);

  const changeFilter = useCallback(
    (next: DialogueFilter) => {
      setSearch(next.text);
      keepFilter({ ...next, runs: [] });
      setSelected(null);
    },
    [keepFilter],
  );
  const select = useCallback(
    (index: number) => {
      setSelected(index);
      const row = rows.row(index);
      if (row !== undefined) goQuietly("dialogues", ...pathTo(run, row));
    },
    [rows, run],
  );
  const neighbours = useMemo(() => {
    const near = selected === null ? [] : [1, 2, 3, -1].map((step) => rows.row(selected + step));
    return near.flatMap((row): Target[] => (row === undefined ? [] : [{ run: row.run, id: row.id }]));
  }, [selected, rows]);

  if (rows.total === 0 && societies.length === 0)
    return (
      <div className="screen">
        <ScreenBar title={words.title} />
        <EmptyState icon={<MessagesSquare size={32} strokeWidth={1.25} />} title={words.empty}>
          {words.emptyText}
        </EmptyState>
      </div>
    );
  return (
    <div className="screen">
      <ScreenBar
        title={words.title}
        actions={
          <>
            <ViewsMenu onChange={changeFilter} onSort={setSort} />
            <ListMenu filter={filter} sort={sort} total={rows.total ?? 0} onDone={rows.refresh} />
          </>
        }
      >
        <RunSelect
          label={words.run}
          runs={societies}
          all={words.allRuns}
          value={run ?? allRuns}
          onChange={(next) => {
            setSelected(null);
            go("dialogues", next);
          }}
        />
        <div className="dialogue-search">
          <Search label={words.search} value={search} onChange={setSearch} inputRef={searchField} />
        </div>
        <span className="quiet numeric" aria-live="polite">
          {rows.total === null ? "" : words.total(formatCount(rows.total))}
          {rows.indexing === null
            ? ""
            : ` · ${words.indexing(formatShare(rows.indexing.done / Math.max(1, rows.indexing.total)))}`}
        </span>
      </ScreenBar>
      <div className="screen-body">
        <SplitPanes
          id="dialogues"
          panes={[
            { id: "list", minimum: 360, start: "54%" },
            { id: "reader", minimum: 320 },
          ]}
        >
          <div className="dialogue-list">
            <FilterPanel filter={filter} onChange={changeFilter} />
            <DialogueList
              rows={rows}
              sort={sort}
              onSort={setSort}
              showRun={run === null}
              selected={selected}
              onSelect={select}
            />
          </div>
          <DialogueReader
            target={target}
            neighbours={neighbours}
            onChanged={rows.refresh}
            onStep={(step) =>
              select(Math.min(Math.max(0, (rows.total ?? 1) - 1), Math.max(0, (selected ?? -1) + step)))
            }
          />
        </SplitPanes>
      </div>
    </div>
  );
}

/** `/` goes to the search, as in every reader of long lists. */
function focusOnSlash(field: React.RefObject<HTMLInputElement | null>): () => void {
  const onKey = (event: KeyboardEvent) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.current?.focus();
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
