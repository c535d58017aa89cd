import { CircleSlash, PenLine } from "lucide-react";
import { useMemo } from "react";
import { type DialogueRow, type DialogueSort, dialogueSorts } from "../../../core/contract/workbench/dialogues.ts";
import { EmptyState } from "../../components/EmptyState.tsx";
import { ErrorNote } from "../../components/ErrorNote.tsx";
import { GainChip, RatingChip } from "../../components/RatingChip.tsx";
import { type Column, DataTable } from "../../components/table/DataTable.tsx";
import { formatCount, formatDecimal, unknown } from "../../format/numbers.ts";
import { text } from "../../text/en.ts";
import type { DialogueRows } from "./useDialogueRows.ts";

const words = text.dialogues;
const hints = words.hints;

export function DialogueList(props: {
  readonly rows: DialogueRows;
  readonly sort: DialogueSort;
  readonly onSort: (sort: DialogueSort) => void;
  readonly showRun: boolean;
  readonly selected: number | null;
  readonly onSelect: (index: number) => void;
}) {
  const { rows } = props;
  const columns = useMemo(() => listColumns(props.showRun), [props.showRun]);
  if (rows.error !== null && rows.total === null)
    return (
      <div className="pane-error">
        <ErrorNote error={rows.error} />
      </div>
    );
  return (
    <div className="dialogue-table">
      <DataTable
        id={props.showRun ? "dialogues.all" : "dialogues"}
        label={words.title}
        columns={columns}
        count={rows.total ?? 0}
        row={rows.row}
        onVisible={rows.onVisible}
        sort={props.sort}
        onSort={(sort) => {
          const by = dialogueSorts.find((known) => known === sort.by);
          // The first click on a measure shows its largest values: they are what one looks for.
          if (by !== undefined) props.onSort({ by, direction: by === props.sort.by ? sort.direction : first(by) });
        }}
        selected={props.selected}
        onSelect={props.onSelect}
        rowClass={(row) => (row.excluded ? "dimmed" : "")}
        loading={rows.total === null}
        empty={<EmptyState title={words.none}>{words.noneText}</EmptyState>}
      />
    </div>
  );
}

function first(by: DialogueSort["by"]): DialogueSort["direction"] {
  return by === "time" || by === "round" || by === "agent" ? "ascending" : "descending";
}

function listColumns(showRun: boolean): readonly Column<DialogueRow>[] {
  const rating = (id: "before" | "after" | "engagement"): Column<DialogueRow> => ({
    id,
    name: words.columns[id],
    hint: hints[id],
    minimum: id === "engagement" ? 78 : 68,
    ...(id === "engagement" ? { leaves: 2 } : {}),
    grow: 0,
    sortable: true,
    align: "end",
    cell: (row) => <RatingChip rating={row[id]} label={words.columns[id]} />,
  });
  return [
    {
      id: "time",
      name: words.columns.id,
      minimum: 84,
      grow: 0,
      sortable: true,
      cell: (row) => <span className="numeric">{row.id}</span>,
    },
    ...(showRun
      ? [
          {
            id: "run",
            name: words.columns.run,
            minimum: 90,
            leaves: 1,
            grow: 1,
            cell: (row: DialogueRow) => <span className="quiet">{row.run}</span>,
          },
        ]
      : []),
    {
      id: "question",
      name: words.columns.question,
      minimum: 176,
      wanted: 240,
      grow: 4,
      cell: (row) => <span>{row.question}</span>,
    },
    rating("before"),
    rating("after"),
    {
      id: "gain",
      name: words.columns.gain,
      hint: hints.gain,
      minimum: 64,
      grow: 0,
      sortable: true,
      align: "end",
      cell: (row) => <GainChip gain={row.gain} />,
    },
    rating("engagement"),
    {
      id: "disagreement",
      name: words.columns.disagreement,
      hint: hints.disagreement,
      minimum: 66,
      leaves: 3,
      grow: 0,
      sortable: true,
      align: "end",
      cell: (row) => (
        <span className="numeric quiet">{row.disagreement === null ? unknown : formatCount(row.disagreement)}</span>
      ),
    },
    {
      id: "seconds",
      name: words.columns.seconds,
      minimum: 60,
      leaves: 4,
      grow: 0,
      sortable: true,
      align: "end",
      cell: (row) => (
        <span className="numeric quiet">{row.seconds === null ? unknown : `${formatDecimal(row.seconds, 1)} s`}</span>
      ),
    },
    { id: "flags", name: words.columns.flags, minimum: 62, grow: 1, cell: (row) => <Flags row={row} /> },
  ];
}

function Flags({ row }: { readonly row: DialogueRow }) {
  return (
    <>
      {row.excluded ? <CircleSlash size={13} role="img" aria-label={words.thread.excluded} /> : null}
      {row.corrected ? <PenLine size={13} role="img" aria-label={words.thread.corrected} /> : null}
      {row.tags.map((tag) => (
        <span key={tag} className="badge">
          {tag}
        </span>
      ))}
    </>
  );
}
