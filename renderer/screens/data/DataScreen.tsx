import { ChartSpline, Database, Download, FileInput, Hammer, Trash2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import type { DataSetEntry } from "../../../core/contract/workbench/data.ts";
import { go, goQuietly, useNow, useRequest, useRoute, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { MenuButton } from "../../components/MenuButton.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { type Column, DataTable } from "../../components/table/DataTable.tsx";
import { usePick } from "../../components/usePick.tsx";
import { formatBytes, formatCount } from "../../format/numbers.ts";
import { fileName } from "../../format/paths.ts";
import { formatAgo, formatMoment } from "../../format/time.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { BuildData } from "./BuildData.tsx";
import { BuildFunnel, KindBar } from "./BuildFunnel.tsx";
import { RowBrowser } from "./RowBrowser.tsx";
import "./DataScreen.css";

const words = text.data;

/** `#/data/new` builds a set (`/<run>`: from that society), `#/data/<id>` looks into one. */
export function DataScreen() {
  const { path } = useRoute();
  const [first, second] = path;
  if (first === "new") return <BuildData run={second ?? null} />;
  return <DataSets selected={first ?? null} />;
}

function DataSets({ selected }: { readonly selected: string | null }) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const sets = useRequest(() => client.data.list(), []);
  const undone = useStore(workbench.undone);
  const now = useNow();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was taken back is in the list again
  useEffect(() => sets.reload(), [undone]);
  const { pick, picker } = usePick();
  const columns = useMemo(() => setColumns(now), [now]);
  const list = sets.data ?? [];
  const index = list.findIndex((set) => set.id === selected);
  const set = list[index];
  const importFile = async () => {
    const path = await pick({ title: words.importTitle, kind: "file", endings: ["json", "jsonl"], remember: "data" });
    if (path === null) return;
    const imported = await workbench.attempt(() => client.data.import({ path }));
    if (imported === null) return;
    sets.reload();
    goQuietly("data", imported.id);
  };
  const buttons = (
    <>
      <Button icon={<FileInput size={14} />} onPress={() => void importFile()}>
        {words.import}
      </Button>
      <Button
        look={list.length === 0 ? "primary" : "plain"}
        icon={<Hammer size={14} />}
        onPress={() => go("data", "new")}
      >
        {words.build}
      </Button>
    </>
  );
  return (
    <div className="screen">
      <ScreenBar title={words.title} actions={sets.data !== null && list.length > 0 ? buttons : null} />
      {picker}
      <div className="screen-body">
        {sets.error !== null ? (
          <div className="pane-error">
            <ErrorNote error={sets.error} />
          </div>
        ) : sets.data !== null && list.length === 0 ? (
          <EmptyState icon={<Database size={32} strokeWidth={1.25} />} title={words.none} actions={buttons}>
            {words.noneText}
          </EmptyState>
        ) : (
          <SplitPanes
            id="data"
            panes={[
              { id: "sets", minimum: 260, start: "30%" },
              { id: "set", minimum: 400 },
            ]}
          >
            <DataTable
              id="data"
              label={words.sets}
              columns={columns}
              count={list.length}
              row={(at) => list[at]}
              selected={index < 0 ? null : index}
              onSelect={(at) => goQuietly("data", list[at]?.id ?? "")}
              loading={sets.data === null}
            />
            {set === undefined ? (
              <EmptyState title={words.choose}>{words.chooseText}</EmptyState>
            ) : (
              <DataSet key={set.id} set={set} onRemoved={sets.reload} />
            )}
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

function setColumns(now: number): readonly Column<DataSetEntry>[] {
  return [
    { id: "name", name: words.columns.name, minimum: 120, grow: 2, cell: (set) => <span>{set.name}</span> },
    { id: "rows", name: words.columns.rows, minimum: 64, grow: 0, align: "end", cell: (set) => formatCount(set.rows) },
    {
      id: "origin",
      name: words.columns.origin,
      minimum: 120,
      grow: 2,
      leaves: 1,
      cell: (set) => <span className="quiet">{originOf(set)}</span>,
    },
    {
      id: "created",
      name: words.columns.created,
      minimum: 90,
      grow: 0,
      align: "end",
      cell: (set) => <span className="quiet">{formatAgo(set.created, now)}</span>,
    },
  ];
}

function originOf({ origin }: DataSetEntry): string {
  return origin.kind === "built" ? words.built(origin.runs.join(", ")) : words.imported(fileName(origin.path));
}

function DataSet({ set, onRemoved }: { readonly set: DataSetEntry; readonly onRemoved: () => void }) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const { pick, picker } = usePick();
  const save = async (format: "folkmoot" | "published") => {
    const path = await pick({
      title: words.exportTitle,
      kind: "save",
      endings: ["jsonl", "json"],
      remember: "exports",
      name: format === "published" ? `${set.name}.json` : `${set.name}.jsonl`,
    });
    if (path === null) return;
    const done = await workbench.attempt(() => client.data.export({ id: set.id, path, format }));
    if (done !== null) workbench.toasts.say(words.exported(done.path));
  };
  const remove = async () => {
    const done = await workbench.attemptUndoable(() => client.data.remove({ id: set.id }));
    if (done === null) return;
    goQuietly("data");
    onRemoved();
  };
  return (
    <div className="panels data-set">
      <Panel
        title={<span className="truncate">{set.name}</span>}
        actions={
          <>
            <Button
              small
              look="primary"
              icon={<ChartSpline size={13} />}
              onPress={() => go("align", "new", "data", set.id)}
            >
              {words.align}
            </Button>
            <MenuButton
              small
              icon={<Download size={13} />}
              entries={(["folkmoot", "published"] as const).map((format) => ({
                id: format,
                name: words.formats[format],
                onAction: () => void save(format),
              }))}
            >
              {words.export}
            </MenuButton>
            <Button small look="quiet" icon={<Trash2 size={14} />} hint={words.remove} onPress={() => void remove()} />
          </>
        }
      >
        <div className="data-facts">
          <KindBar kinds={set.kinds} />
          <Facts
            facts={[
              [words.columns.rows, formatCount(set.rows)],
              [words.duplicates, formatCount(set.duplicates)],
              ...(set.outsideScale === 0 ? [] : [[words.outsideScale, formatCount(set.outsideScale)] as const]),
              [words.size, formatBytes(set.bytes)],
              [words.madeFrom, `${originOf(set)}, ${formatMoment(set.created)}`],
              [words.file, set.path],
            ]}
          />
          {set.origin.kind === "built" ? <BuildFunnel counts={set.origin.counts} /> : null}
        </div>
      </Panel>
      <RowBrowser
        id={set.id}
        fetch={(page) => client.data.rows({ id: set.id, ...page })}
        lengths={(model, maxLength) => client.data.lengths({ id: set.id, model, maxLength })}
      />
      {picker}
    </div>
  );
}
