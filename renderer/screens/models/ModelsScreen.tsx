import { Boxes, FilePlus, FolderSearch } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { ModelEntry } from "../../../core/contract/workbench/models.ts";
import { goQuietly, useRequest, useRoute, useWorkbench } from "../../app/hooks.ts";
import { Button } from "../../components/Button.tsx";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { verdictLook } from "../../components/MemoryEstimate.tsx";
import { SplitPanes } from "../../components/SplitPanes.tsx";
import { type Column, DataTable } from "../../components/table/DataTable.tsx";
import { usePick } from "../../components/usePick.tsx";
import type { Library } from "../../contractTypes.ts";
import { formatBytes, formatCompact, formatCount, formatParameters, unknown } from "../../format/numbers.ts";
import { fileName, listedPath } from "../../format/paths.ts";
import { ScreenBar } from "../../shell/ScreenBar.tsx";
import { text } from "../../text/en.ts";
import { AdapterList } from "./AdapterList.tsx";
import { ModelDetails } from "./ModelDetails.tsx";
import "./ModelsScreen.css";

const words = text.models;

/** The library: files on this machine, linked and never copied. */
export function ModelsScreen() {
  const workbench = useWorkbench();
  const { client } = workbench;
  const { path } = useRoute();
  const listed = useRequest(() => client.models.list(), []);
  const [changed, setChanged] = useState<Library | null>(null);
  const undone = useStore(workbench.undone);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was taken back is in the list again
  useEffect(() => {
    setChanged(null);
    listed.reload();
  }, [undone]);
  const library = changed ?? listed.data;
  const models = library?.models ?? [];
  const index = models.findIndex((model) => model.path === listedPath(models, path[0] ?? ""));
  const selected = index < 0 ? null : index;
  const model = selected === null ? undefined : models[selected];
  const columns = useMemo(() => modelColumns(library), [library]);
  const orphans = (library?.adapters ?? []).filter((adapter) => adapter.base === null);
  const remove = async (entry: ModelEntry) => {
    const done = await workbench.attemptUndoable(() => client.models.remove({ path: entry.path }));
    if (done !== null) listed.reload();
    setChanged(null);
  };
  return (
    <div className="screen">
      <ScreenBar title={words.title} actions={<AddButtons onLibrary={setChanged} />} />
      <div className="screen-body">
        {listed.error !== null ? (
          <div className="pane-error">
            <ErrorNote error={listed.error} />
          </div>
        ) : library !== null && models.length === 0 ? (
          <EmptyState
            icon={<Boxes size={32} strokeWidth={1.25} />}
            title={words.none}
            actions={<AddButtons onLibrary={setChanged} primary />}
          >
            {words.noneText}
          </EmptyState>
        ) : (
          <SplitPanes
            id="models"
            panes={[
              { id: "list", minimum: 360, start: "62%" },
              { id: "details", minimum: 300 },
            ]}
          >
            <div className="models-list">
              <div className="models-table">
                <DataTable
                  id="models"
                  label={words.title}
                  columns={columns}
                  count={models.length}
                  row={(at) => models[at]}
                  selected={selected}
                  onSelect={(at) => goQuietly("models", models[at]?.path ?? "")}
                  loading={library === null}
                />
              </div>
              {orphans.length === 0 ? null : (
                <div className="models-orphans">
                  <h2>{words.orphanAdapters}</h2>
                  <AdapterList adapters={orphans} />
                </div>
              )}
            </div>
            {model === undefined ? (
              <EmptyState title={words.choose}>{words.chooseText}</EmptyState>
            ) : (
              <ModelDetails
                key={model.path}
                model={model}
                adapters={(library?.adapters ?? []).filter((adapter) => adapter.base === model.path)}
                onRemove={() => void remove(model)}
              />
            )}
          </SplitPanes>
        )}
      </div>
    </div>
  );
}

function AddButtons(props: { readonly onLibrary: (library: Library) => void; readonly primary?: boolean }) {
  const workbench = useWorkbench();
  const { client } = workbench;
  const { pick, picker } = usePick();
  const add = async () => {
    const path = await pick({ title: words.addTitle, kind: "file", endings: ["gguf"], remember: "models" });
    if (path === null) return;
    const library = await workbench.attempt(() => client.models.add({ path }));
    if (library === null) return;
    props.onLibrary(library);
    goQuietly("models", listedPath(library.models, path));
  };
  const scan = async () => {
    const folder = await pick({ title: words.scanTitle, kind: "folder", remember: "models" });
    if (folder === null) return;
    const found = await workbench.attempt(() => client.models.scan({ folder }));
    if (found === null) return;
    props.onLibrary(found.library);
    const refused = found.refused.map((file) => `${file.path}: ${file.reason}`).join("\n");
    workbench.toasts.say(
      [
        words.scanned(found.added.length, found.known),
        ...(refused === "" ? [] : [`${words.refused(found.refused.length)}: ${refused}`]),
      ].join(" "),
    );
  };
  return (
    <>
      <Button icon={<FolderSearch size={14} />} onPress={() => void scan()}>
        {words.scan}
      </Button>
      <Button look={props.primary ? "primary" : "plain"} icon={<FilePlus size={14} />} onPress={() => void add()}>
        {words.add}
      </Button>
      {picker}
    </>
  );
}

function modelColumns(library: Library | null): readonly Column<ModelEntry>[] {
  const adapters = (path: string) => (library?.adapters ?? []).filter((adapter) => adapter.base === path).length;
  return [
    {
      id: "name",
      name: words.columns.name,
      minimum: 180,
      grow: 3,
      cell: (model) => (
        <span>
          {model.name}
          {fileName(model.path).startsWith(model.name) ? null : <span className="fine"> {fileName(model.path)}</span>}
        </span>
      ),
    },
    {
      id: "architecture",
      name: words.columns.architecture,
      minimum: 96,
      grow: 1,
      leaves: 3,
      cell: ({ description }) => <span className="quiet">{description?.architecture ?? words.unreadable}</span>,
    },
    {
      id: "parameters",
      name: words.columns.parameters,
      minimum: 74,
      grow: 0,
      align: "end",
      cell: ({ description }) => formatParameters(description?.parameters),
    },
    {
      id: "quantization",
      name: words.columns.quantization,
      minimum: 78,
      grow: 0,
      cell: ({ description }) => description?.quantization ?? unknown,
    },
    {
      id: "bytes",
      name: words.columns.bytes,
      minimum: 84,
      grow: 0,
      align: "end",
      cell: ({ description }) => formatBytes(description?.bytes),
    },
    {
      id: "context",
      name: words.columns.context,
      minimum: 72,
      grow: 0,
      align: "end",
      leaves: 2,
      cell: ({ description }) => formatCompact(description?.contextLength),
    },
    {
      id: "adapters",
      name: words.columns.adapters,
      minimum: 76,
      grow: 0,
      align: "end",
      leaves: 1,
      cell: (model) => formatCount(adapters(model.path)),
    },
    {
      id: "fit",
      name: words.columns.fit,
      minimum: 104,
      grow: 0,
      cell: ({ fit }) =>
        fit === null ? (
          unknown
        ) : (
          <span className={`badge ${verdictLook[fit.verdict]}`}>{words.verdicts[fit.verdict]}</span>
        ),
    },
  ];
}
