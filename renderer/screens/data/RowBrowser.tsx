import { useEffect, useRef, useState } from "react";
import { z } from "zod";
import type { RowKind } from "../../../core/contract/alignment.ts";
import { useFace, useRequest } from "../../app/hooks.ts";
import { Histogram } from "../../charts/Histogram.tsx";
import { Segmented } from "../../components/choices.tsx";
import { Search } from "../../components/fields.tsx";
import { ModelSelect } from "../../components/ModelSelect.tsx";
import { RatingChip } from "../../components/RatingChip.tsx";
import type { Column } from "../../components/table/DataTable.tsx";
import { PagedTable } from "../../components/table/PagedTable.tsx";
import { usePagedRows } from "../../components/table/usePagedRows.ts";
import type { DataPage, DataRow, HistogramBar } from "../../contractTypes.ts";
import { formatCount, formatDecimal, formatShare, unknown } from "../../format/numbers.ts";
import { useSettled } from "../../forms/useSettingsForm.ts";
import { text } from "../../text/en.ts";

const words = text.data;
const kinds = ["imitation", "self-critic", "realignment"] as const;
const parseModel = (value: unknown) => z.string().safeParse(value).data ?? "";
/** Rows longer than this are cut by a run's default. */
const defaultMaxLength = 512;

export interface RowPage {
  readonly offset: number;
  readonly limit: number;
  readonly kind: RowKind | null;
  readonly text: string;
  readonly model: string | null;
}

interface Lengths {
  readonly longest: number;
  readonly overLong: number;
  readonly bars: readonly HistogramBar[];
}

/** The rows of a set as the model will read them; `id` names the set (or the preview of one). */
export function RowBrowser(props: {
  readonly id: string;
  readonly fetch: (page: RowPage) => Promise<DataPage>;
  /** Absent for a preview: lengths are those of a whole set. */
  readonly lengths?: (model: string, maxLength: number) => Promise<Lengths>;
}) {
  const [kind, setKind] = useState<RowKind | "all">("all");
  const [search, setSearch] = useState("");
  const [model, setModel] = useFace("data.model", parseModel);
  const settled = useSettled(search, 200);
  const asked = { kind: kind === "all" ? null : kind, text: settled, model: model === "" ? null : model };
  const rows = usePagedRows((page) => props.fetch({ ...page, ...asked }), [props.id, kind, settled, model]);
  const [selected, setSelected] = useState<number | null>(null);
  const row = selected === null ? undefined : rows.row(selected);
  const { lengths } = props;
  const counted = useRequest(
    () => (lengths === undefined || model === "" ? null : lengths(model, defaultMaxLength)),
    [props.id, model],
  );
  const reader = useRef<HTMLDivElement>(null);
  const read = row === undefined ? null : row.index;
  // On a low window it lies below the fold; who chooses a row wants to read it.
  useEffect(() => {
    if (read !== null) reader.current?.scrollIntoView({ block: "nearest" });
  }, [read]);
  return (
    <section className="row-browser" aria-label={words.rows.title}>
      <div className="row-filter">
        <Segmented
          bare
          label={words.rows.kind}
          value={kind}
          onChange={setKind}
          choices={[{ id: "all", name: words.rows.all }, ...kinds.map((id) => ({ id, name: words.kinds[id] }))]}
        />
        <div className="row-search">
          <Search label={words.rows.search} value={search} onChange={setSearch} />
        </div>
        <div className="row-model">
          <ModelSelect label={words.rows.model} none={words.rows.noModel} value={model} onChange={setModel} />
        </div>
      </div>
      {counted.data === null ? null : <LengthBars lengths={counted.data} />}
      <div className="row-table">
        <PagedTable
          id="rows"
          label={words.rows.title}
          columns={columns}
          rows={rows}
          selected={selected}
          onSelect={setSelected}
          none={words.rows.none}
        />
      </div>
      <div className="row-reader" ref={reader}>
        {row === undefined ? <p className="quiet">{words.rows.choose}</p> : <WholeRow row={row} />}
      </div>
    </section>
  );
}

function LengthBars({ lengths }: { readonly lengths: Lengths }) {
  const max = formatCount(defaultMaxLength);
  return (
    <div className="row-lengths">
      <Histogram label={words.lengths.title} bars={lengths.bars} />
      <p className="fine numeric">
        {lengths.overLong > 0 ? words.lengths.overLong(formatShare(lengths.overLong), max) : words.lengths.none(max)}{" "}
        {words.lengths.longest(formatCount(lengths.longest))}
      </p>
    </div>
  );
}

function WholeRow({ row: { row } }: { readonly row: DataRow }) {
  const ranked = row.responses
    .map((response, index) => ({ response, score: row.scores[index] ?? null, at: index }))
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  return (
    <>
      <pre className="row-query selectable">{row.query}</pre>
      {ranked.map(({ response, score, at }) => (
        <div key={at} className="row-response">
          <RatingChip rating={score} label={words.rows.scores} ticks />
          <p className="selectable">{response}</p>
        </div>
      ))}
      {row.source.length === 0 ? null : (
        <p className="fine">
          {words.rows.source} {row.source.join(", ")}
        </p>
      )}
    </>
  );
}

const columns: readonly Column<DataRow>[] = [
  {
    id: "index",
    name: words.rows.number,
    minimum: 64,
    grow: 0,
    align: "end",
    cell: ({ index }) => formatCount(index + 1),
  },
  {
    id: "kind",
    name: words.rows.kindColumn,
    minimum: 96,
    grow: 0,
    cell: ({ row }) => <span style={{ color: `var(${words.kindColors[row.kind]})` }}>{words.kinds[row.kind]}</span>,
  },
  { id: "query", name: words.rows.query, minimum: 140, grow: 3, cell: ({ row }) => <span>{readable(row.query)}</span> },
  { id: "best", name: words.rows.best, minimum: 140, grow: 3, cell: ({ row }) => <span>{bestOf(row)}</span> },
  {
    id: "scores",
    name: words.rows.scores,
    minimum: 110,
    grow: 0,
    leaves: 1,
    cell: ({ row }) => (
      <span className="numeric">
        {[...row.scores]
          .sort((a, b) => b - a)
          .map((score) => formatDecimal(score, Number.isInteger(score) ? 0 : 1))
          .join(" › ")}
      </span>
    ),
  },
  {
    id: "tokens",
    name: words.rows.tokens,
    minimum: 72,
    grow: 0,
    align: "end",
    cell: ({ tokens }) => (tokens === null ? unknown : formatCount(tokens.query + Math.max(0, ...tokens.responses))),
  },
];

/** The query without the template's headings, for one line. */
function readable(query: string): string {
  return query
    .replace(/^.*?### Instruction:\s*/s, "")
    .replace(/\s*### Response:\s*$/s, "")
    .replace(/\s+/g, " ");
}

function bestOf(row: DataRow["row"]): string {
  const best = row.scores.indexOf(Math.max(...row.scores));
  return row.responses[best] ?? row.responses[0] ?? "";
}
