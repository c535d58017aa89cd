import { Copy, FolderOpen, MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import type { RunSummary } from "../../../core/contract/workbench/runs.ts";
import { copy } from "../../app/diagnostics.ts";
import { go, useLists, useNow, useSurroundings, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { Dialog } from "../../components/Dialog.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { TextInput } from "../../components/fields.tsx";
import { JobControls } from "../../components/JobControls.tsx";
import { MenuButton } from "../../components/MenuButton.tsx";
import { Panel } from "../../components/Panel.tsx";
import { StateBadge } from "../../components/StateBadge.tsx";
import { type Column, DataTable, type Sort } from "../../components/table/DataTable.tsx";
import { formatCount, formatDecimal, formatShare, formatSignificant } from "../../format/numbers.ts";
import { formatAgo } from "../../format/time.ts";
import { openRun } from "../../shell/commands.ts";
import { isLive } from "../../stores/lists.ts";
import { text } from "../../text/en.ts";
import { sortRuns } from "./sortRuns.ts";

const words = text.home.columns;

/** All runs of the workspace, newest first unless sorted otherwise. */
export function RunTable() {
  const runs = useLists((lists) => lists.runs);
  const loaded = useLists((lists) => lists.loaded);
  const [sort, setSort] = useState<Sort>({ by: "updated", direction: "descending" });
  const [selected, setSelected] = useState<string | null>(null);
  const sorted = useMemo(() => sortRuns([...runs.values()], sort), [runs, sort]);
  const now = useNow();
  const columns = useMemo(() => runColumns(now), [now]);
  const index = sorted.findIndex((run) => run.run === selected);
  return (
    <Panel title={text.home.recent} flush className="runs">
      <DataTable
        id="runs"
        label={text.home.recent}
        columns={columns}
        count={sorted.length}
        row={(at) => sorted[at]}
        sort={sort}
        onSort={setSort}
        selected={index < 0 ? null : index}
        onSelect={(at) => setSelected(sorted[at]?.run ?? null)}
        onActivate={(at) => {
          const run = sorted[at];
          if (run !== undefined) openRun(run);
        }}
        loading={!loaded}
        empty={
          <EmptyState
            title={text.home.noRuns}
            actions={<Button onPress={() => go("society", "new")}>{text.home.newSociety}</Button>}
          >
            {text.home.noRunsText}
          </EmptyState>
        }
      />
    </Panel>
  );
}

function runColumns(now: number): readonly Column<RunSummary>[] {
  return [
    {
      id: "name",
      name: words.name,
      minimum: 130,
      wanted: 208,
      grow: 1,
      sortable: true,
      cell: (run) => <RunName run={run} />,
    },
    // Its figures tell it as well.
    {
      id: "kind",
      name: words.kind,
      minimum: 84,
      grow: 0,
      leaves: 0,
      sortable: true,
      cell: (run) => text.kinds[run.kind],
    },
    {
      id: "state",
      name: words.state,
      minimum: 92,
      grow: 0,
      sortable: true,
      cell: (run) => <StateBadge state={run.state} />,
    },
    {
      id: "headline",
      name: words.headline,
      minimum: 160,
      grow: 5,
      leaves: 1,
      cell: (run) => <span className="quiet">{run.headline}</span>,
    },
    {
      id: "figures",
      name: words.figures,
      minimum: 234,
      grow: 0,
      cell: (run) => <span className="numeric">{figuresText(run)}</span>,
    },
    {
      id: "updated",
      name: words.updated,
      minimum: 86,
      grow: 0,
      sortable: true,
      align: "end",
      cell: (run) => <span className="quiet">{formatAgo(run.updated, now)}</span>,
    },
    { id: "actions", name: "", minimum: 68, grow: 0, align: "end", cell: (run) => <RunActions run={run} /> },
  ];
}

/** A run of an experiment has its station first: what comes after the experiment's name is what tells them apart. */
function RunName({ run }: { readonly run: RunSummary }) {
  const { experiment } = run;
  const own = experiment !== null && run.name === run.run ? run.run.slice(experiment.length + 1) : null;
  return (
    <>
      <button
        type="button"
        className={own === null ? "link truncate" : "link whole"}
        tabIndex={-1}
        onClick={() => openRun(run)}
      >
        {own ?? run.name}
      </button>
      {own === null ? null : <span className="fine truncate">{experiment}</span>}
    </>
  );
}

/** `alignment 5.21 · engagement 4.80`, shares of good answers as percent, a loss with the steps that it is the mean of. */
export function figuresText({ kind, figures }: Pick<RunSummary, "kind" | "figures">): string {
  const { loss = null, lossWindow = null } = figures;
  if (kind === "align")
    return loss === null
      ? ""
      : text.home.loss(formatSignificant(loss), lossWindow === null ? null : formatCount(lossWindow));
  const format = kind === "evaluation" ? formatShare : formatDecimal;
  return Object.entries(figures)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${text.home.figures[name] ?? name} ${format(value)}`)
    .join(" · ");
}

/** What can be done with a run: go on, rename, show, remove. */
export function RunActions({ run }: { readonly run: RunSummary }) {
  const workbench = useWorkbench();
  const reveal = useSurroundings((surroundings) => surroundings.capabilities.reveal);
  const [renaming, setRenaming] = useState(false);
  const { client } = workbench;
  return (
    <>
      {isLive(run.state) ? null : (
        <JobControls job={run.run} run={run.run} state={run.state} actions={run.actions} short />
      )}
      <MenuButton
        look="quiet"
        small
        icon={<MoreHorizontal size={14} />}
        hint={text.actions.more}
        entries={[
          { id: "rename", name: text.actions.rename, icon: <Pencil size={14} />, onAction: () => setRenaming(true) },
          ...(reveal
            ? [
                {
                  id: "reveal",
                  name: text.actions.reveal,
                  icon: <FolderOpen size={14} />,
                  onAction: () => void workbench.attempt(() => client.shell.reveal({ path: run.directory })),
                },
              ]
            : []),
          {
            id: "copyPath",
            name: text.actions.copyPath,
            icon: <Copy size={14} />,
            onAction: () => void copy(workbench, run.directory),
          },
          {
            id: "remove",
            name: text.actions.remove,
            icon: <Trash2 size={14} />,
            danger: true,
            disabled: isLive(run.state),
            onAction: () => void workbench.attemptUndoable(() => client.runs.remove({ run: run.run })),
          },
        ]}
      />
      {renaming ? <RenameDialog run={run} onClose={() => setRenaming(false)} /> : null}
    </>
  );
}

function RenameDialog({ run, onClose }: { readonly run: RunSummary; readonly onClose: () => void }) {
  const workbench = useWorkbench();
  const [name, setName] = useState(run.name);
  const save = async () => {
    const done = await workbench.attempt(() => workbench.client.runs.rename({ run: run.run, name }));
    if (done !== null) onClose();
  };
  return (
    <Dialog
      title={text.home.rename}
      open
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>{text.actions.cancel}</Button>
          <Button look="primary" isDisabled={name.trim() === ""} onPress={() => void save()}>
            {text.actions.save}
          </Button>
        </>
      }
    >
      <TextInput label={text.home.newName} value={name} onChange={setName} />
    </Dialog>
  );
}
