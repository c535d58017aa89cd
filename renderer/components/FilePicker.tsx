import { ArrowUp, File, Folder } from "lucide-react";
import { useState } from "react";
import { useRequest, useWorkbench } from "../app/hooks.ts";
import type { FileEntry } from "../contractTypes.ts";
import { formatBytes, formatCount } from "../format/numbers.ts";
import { formatMoment } from "../format/time.ts";
import { text } from "../text/en.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { EmptyState } from "./EmptyState.tsx";
import { ErrorNote } from "./ErrorNote.tsx";
import { TextInput } from "./fields.tsx";
import { type Column, DataTable } from "./table/DataTable.tsx";
import "./FilePicker.css";

export interface PickRequest {
  readonly title: string;
  readonly kind: "file" | "folder" | "save";
  readonly endings?: readonly string[];
  /** Name under which the folder is remembered, e.g. `models`. */
  readonly remember: string;
  /** First name of a file to save. */
  readonly name?: string;
}

/** Walks the folders of the machine that runs the workbench, where there is no dialog of the system. */
export function FilePicker(props: {
  readonly request: PickRequest;
  readonly start: string | null;
  readonly onPick: (path: string) => void;
  readonly onClose: () => void;
}) {
  const { client } = useWorkbench();
  const { request } = props;
  const [folder, setFolder] = useState<string | null>(props.start);
  const [typed, setTyped] = useState<string | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const [name, setName] = useState(request.name ?? "");
  const endings = request.endings ?? [];
  const listing = useRequest(() => client.files.list({ path: folder, endings: [...endings] }), [folder]);
  const entries = (listing.data?.entries ?? []).filter((entry) => request.kind !== "folder" || entry.kind === "folder");
  const enter = (path: string) => {
    setFolder(path);
    setTyped(null);
    setSelected(null);
  };
  /** A typed path may be that of a file: it is taken as if it had been opened in the list. */
  const submit = async (path: string) => {
    const cut = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
    if (request.kind === "file" && cut >= 0) {
      const around = { path: path.slice(0, cut + 1), endings: [...endings] };
      const beside = await client.files.list(around).catch(() => null);
      if (beside?.entries.some((one) => one.kind === "file" && one.path === path)) return props.onPick(path);
    }
    enter(path);
  };
  const entry = selected === null ? undefined : entries[selected];
  const chosen = chosenPath(request.kind, entry, listing.data?.path ?? null, name);
  const open = (one: FileEntry | undefined) => {
    if (one === undefined) return;
    if (one.kind === "folder") enter(one.path);
    else if (request.kind === "save") setName(one.name);
    else props.onPick(one.path);
  };
  return (
    <Dialog
      title={request.title}
      open
      onClose={props.onClose}
      width={760}
      actions={
        <>
          <Button onPress={props.onClose}>{text.actions.cancel}</Button>
          <Button look="primary" isDisabled={chosen === null} onPress={() => chosen !== null && props.onPick(chosen)}>
            {request.kind === "folder"
              ? text.files.useFolder
              : request.kind === "save"
                ? text.actions.save
                : text.actions.choose}
          </Button>
        </>
      }
    >
      <div className="picker">
        <form
          className="picker-path"
          onSubmit={(event) => {
            event.preventDefault();
            if (typed !== null) void submit(typed.trim());
          }}
        >
          <Button
            icon={<ArrowUp size={14} />}
            hint={text.files.up}
            isDisabled={listing.data?.parent == null}
            onPress={() => listing.data?.parent != null && enter(listing.data.parent)}
          />
          <div className="grow">
            <TextInput label={text.files.path} value={typed ?? listing.data?.path ?? ""} onChange={setTyped} mono />
          </div>
        </form>
        <nav className="picker-places" aria-label={text.files.places}>
          {listing.data?.places.map((place) => (
            <Button key={place.path} small look="quiet" onPress={() => enter(place.path)}>
              {place.name}
            </Button>
          ))}
        </nav>
        {listing.error === null ? null : <ErrorNote error={listing.error} />}
        <div className="picker-list">
          <DataTable
            id="files"
            label={request.title}
            columns={columns}
            count={entries.length}
            row={(index) => entries[index]}
            selected={selected}
            onSelect={setSelected}
            onActivate={(index) => open(entries[index])}
            loading={listing.loading}
            empty={
              <EmptyState title={text.files.empty}>
                {endings.length === 0 ? text.files.emptyFolder : text.files.emptyText(endings.join(", "))}
              </EmptyState>
            }
          />
        </div>
        {listing.data !== null && listing.data.more > 0 ? (
          <p className="fine">{text.files.more(formatCount(listing.data.more))}</p>
        ) : null}
        {request.kind === "save" ? (
          <TextInput label={text.files.fileName} value={name} onChange={setName} mono />
        ) : null}
      </div>
    </Dialog>
  );
}

/** What the main button would take; null while nothing fits. */
function chosenPath(
  kind: PickRequest["kind"],
  entry: FileEntry | undefined,
  folder: string | null,
  name: string,
): string | null {
  if (kind === "file") return entry?.kind === "file" ? entry.path : null;
  if (kind === "folder") return entry?.path ?? folder;
  if (folder === null || name.trim() === "") return null;
  const separator = folder.includes("\\") ? "\\" : "/";
  return `${folder.replace(/[\\/]$/, "")}${separator}${name.trim()}`;
}

const columns: readonly Column<FileEntry>[] = [
  {
    id: "name",
    name: text.files.name,
    minimum: 200,
    grow: 1,
    cell: (entry) => (
      <>
        {entry.kind === "folder" ? (
          <Folder size={14} className="picker-folder" aria-hidden />
        ) : (
          <File size={14} aria-hidden />
        )}
        <span>{entry.name}</span>
      </>
    ),
  },
  {
    id: "size",
    name: text.files.size,
    minimum: 90,
    grow: 0,
    align: "end",
    cell: (entry) => (entry.bytes === null ? "" : formatBytes(entry.bytes)),
  },
  {
    id: "modified",
    name: text.files.modified,
    minimum: 168,
    grow: 0,
    align: "end",
    cell: (entry) => <span className="quiet">{formatMoment(entry.modified)}</span>,
  },
];
