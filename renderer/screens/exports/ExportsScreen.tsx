import { Package, PackagePlus, Trash2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { useStore } from "zustand";
import type { ExportEntry } from "../../../core/contract/workbench/exports.ts";
import { copy } from "../../app/diagnostics.ts";
import { go, goQuietly, useLists, useNow, useRequest, useRoute, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { Facts, Panel } from "../../components/Panel.tsx";
import { PathActions } from "../../components/PathActions.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { type Column, DataTable } from "../../components/table/DataTable.tsx";
import { formatBytes, formatCount, formatSignificant } from "../../format/numbers.ts";
import { fileName } from "../../format/paths.ts";
import { formatAgo, formatMoment } from "../../format/time.ts";
import { numberAt, textAt } from "../../forms/settings.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { ExportDialog } from "./ExportDialog.tsx";
import { ExportJobs } from "./ExportJobs.tsx";
import "./ExportsScreen.css";

const words = text.exports;

/** `#/exports/new/<run>` exports from an alignment, `#/exports/<path>` looks at one. */
export function ExportsScreen() {
  const workbench = useWorkbench();
  const { client } = workbench;
  const { path } = useRoute();
  const making = path[0] === "new";
  const list = useRequest(() => client.exports.list(), []);
  const undone = useStore(workbench.undone);
  const finished = useLists(
    (lists) => [...lists.jobs.values()].filter((job) => job.kind === "export" && job.state === "finished").length,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was made or taken back is in the list
  useEffect(() => list.reload(), [undone, finished]);
  const now = useNow();
  const columns = useMemo(() => exportColumns(now), [now]);
  const entries = list.data ?? [];
  const index = entries.findIndex((entry) => entry.path === path[0]);
  const entry = entries[index];
  const add = (
    <Button
      look={entries.length === 0 ? "primary" : "plain"}
      icon={<PackagePlus size={14} />}
      onPress={() => go("exports", "new")}
    >
      {words.new}
    </Button>
  );
  const remove = async (one: ExportEntry) => {
    const done = await workbench.attemptUndoable(() => client.exports.remove({ path: one.path }));
    if (done === null) return;
    goQuietly("exports");
    list.reload();
  };
  return (
    <div className="screen">
      <ScreenBar title={words.title} actions={entries.length > 0 ? add : null} />
      <ExportJobs />
      <div className="screen-body">
        {list.error !== null ? (
          <div className="pane-error">
            <ErrorNote error={list.error} />
          </div>
        ) : list.data !== null && entries.length === 0 ? (
          <EmptyState icon={<Package size={32} strokeWidth={1.25} />} title={words.none} actions={add}>
            {words.noneText}
          </EmptyState>
        ) : (
          <SplitPanes
            id="exports"
            panes={[
              { id: "list", minimum: 360, start: "62%" },
              { id: "details", minimum: 300 },
            ]}
          >
            <DataTable
              id="exports"
              label={words.title}
              columns={columns}
              count={entries.length}
              row={(at) => entries[at]}
              selected={index < 0 ? null : index}
              onSelect={(at) => goQuietly("exports", entries[at]?.path ?? "")}
              loading={list.data === null}
            />
            {entry === undefined ? (
              <EmptyState title={words.choose}>{words.chooseText}</EmptyState>
            ) : (
              <ExportDetails key={entry.path} entry={entry} onRemove={() => void remove(entry)} />
            )}
          </SplitPanes>
        )}
      </div>
      {making ? <ExportDialog run={path[1] ?? null} onClose={() => go("exports")} /> : null}
    </div>
  );
}

function exportColumns(now: number): readonly Column<ExportEntry>[] {
  return [
    {
      id: "file",
      name: words.columns.file,
      minimum: 150,
      grow: 3,
      cell: (entry) => <span title={entry.path}>{fileName(entry.path)}</span>,
    },
    {
      id: "kind",
      name: words.columns.kind,
      minimum: 152,
      grow: 0,
      cell: (entry) => `${words.kinds[entry.kind]}${entry.type === null ? "" : `, ${entry.type}`}`,
    },
    {
      id: "bytes",
      name: words.columns.bytes,
      minimum: 84,
      grow: 0,
      align: "end",
      cell: (entry) => formatBytes(entry.bytes),
    },
    { id: "proof", name: words.columns.proof, minimum: 108, grow: 0, cell: (entry) => <Proof entry={entry} /> },
    {
      id: "run",
      name: words.columns.run,
      minimum: 150,
      grow: 2,
      leaves: 1,
      cell: (entry) => <span className="quiet">{entry.run ?? ""}</span>,
    },
    {
      id: "created",
      name: words.columns.created,
      minimum: 96,
      grow: 0,
      align: "end",
      cell: (entry) => <span className="quiet">{formatAgo(entry.created, now)}</span>,
    },
  ];
}

function Proof({ entry }: { readonly entry: ExportEntry }) {
  if (entry.proof === null) return <span className="fine">{words.noProof}</span>;
  return (
    <span className={`badge ${entry.proof.conclusive ? "good" : "warning"}`}>
      {entry.proof.conclusive ? words.proven : words.inconclusive}
    </span>
  );
}

/** Which step of the training it is; nothing for data. */
function checkpointFact(provenance: ExportEntry["provenance"]): [string, string][] {
  const step = numberAt(provenance, "adapter.step");
  const best = textAt(provenance, "adapter.checkpoint") === "best";
  return step === null ? [] : [[words.checkpoint, words.checkpointFact(formatCount(step), best)]];
}

function ExportDetails({ entry, onRemove }: { readonly entry: ExportEntry; readonly onRemove: () => void }) {
  const workbench = useWorkbench();
  const { proof, provenance } = entry;
  const names = words.proofFacts;
  return (
    <div className="panels model-details">
      <Panel
        title={<span className="truncate">{fileName(entry.path)}</span>}
        actions={
          <>
            <PathActions path={entry.path} />
            <Button small look="quiet" icon={<Trash2 size={14} />} hint={words.remove} onPress={onRemove} />
          </>
        }
      >
        <Facts
          facts={[
            [words.path, entry.path],
            [words.columns.kind, `${words.kinds[entry.kind]}${entry.type === null ? "" : `, ${entry.type}`}`],
            ...checkpointFact(provenance),
            [words.size, formatBytes(entry.bytes)],
            [words.made, formatMoment(entry.created)],
            [
              words.hash,
              entry.sha256 === null ? (
                words.noHash
              ) : (
                <code key="hash" className="hash">
                  {entry.sha256}
                </code>
              ),
            ],
          ]}
        />
      </Panel>
      {proof === null ? null : (
        <Panel title={words.proof} actions={<Proof entry={entry} />}>
          <div className="settings-stack">
            <p className="quiet">{proof.conclusive ? words.proofText : words.proofWeak}</p>
            <Facts
              facts={[
                [names.samples, formatCount(proof.samples)],
                [names.tokens, formatCount(proof.tokens)],
                [names.maxDifference, formatSignificant(proof.maxDifference)],
                [names.meanDifference, formatSignificant(proof.meanDifference)],
                [names.meanLoss, formatSignificant(proof.meanLoss)],
                [names.effect, formatSignificant(proof.effect)],
              ]}
            />
          </div>
        </Panel>
      )}
      <Panel
        title={words.provenance}
        actions={
          provenance === null ? null : (
            <Button small look="quiet" onPress={() => void copy(workbench, JSON.stringify(provenance, null, 2))}>
              {words.copyProvenance}
            </Button>
          )
        }
      >
        {provenance === null ? (
          <p className="quiet">{words.noProvenance}</p>
        ) : (
          <pre className="provenance selectable" tabIndex={0}>
            {JSON.stringify(provenance, null, 2)}
          </pre>
        )}
      </Panel>
    </div>
  );
}
