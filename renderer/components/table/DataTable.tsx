import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { z } from "zod";
import { useFace } from "../../app/hooks.ts";
import { text } from "../../text/en.ts";
import { type ColumnShape, columnsThatFit, columnWidths } from "./columns.ts";
import { rowAfterKey } from "./rowAfterKey.ts";
import "./DataTable.css";

/** Height of a row, px; the same for every row, so that a million of them need no measuring. */
export const rowHeight = 28;

export interface Column<Row> extends ColumnShape {
  readonly name: string;
  /** Numbers stand at the end. */
  readonly align?: "start" | "end";
  readonly sortable?: boolean;
  /** What the column says, on hover. */
  readonly hint?: string;
  readonly cell: (row: Row, index: number) => ReactNode;
}

export interface Sort {
  readonly by: string;
  readonly direction: "ascending" | "descending";
}

export interface DataTableProps<Row> {
  /** Name under which column widths are kept. */
  readonly id: string;
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Rows in all. */
  readonly count: number;
  /** A row, or undefined while it is on its way. */
  readonly row: (index: number) => Row | undefined;
  /** Rows that are looked at changed: time to fetch them. Must be stable. */
  readonly onVisible?: (first: number, last: number) => void;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  readonly selected: number | null;
  readonly onSelect?: (index: number) => void;
  /** Enter or a double click. */
  readonly onActivate?: (index: number) => void;
  /** Extra class of a row, e.g. for excluded ones. */
  readonly rowClass?: (row: Row) => string;
  /** Shown instead of rows when there are none. */
  readonly empty?: ReactNode;
  readonly loading?: boolean;
}

const parseWidths = (value: unknown) => z.record(z.string(), z.number()).safeParse(value).data ?? {};

/** A table of any length: only what is in view exists. j/k, arrows, page keys, Home and End move; Enter opens. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { count, onVisible, selected } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [fixed, setFixed] = useFace(`table.${props.id}`, parseWidths);
  const width = useWidth(scroller);
  const columns = useMemo(() => columnsThatFit(props.columns, width), [props.columns, width]);
  const widths = useMemo(() => columnWidths(columns, width, fixed), [columns, width, fixed]);
  const prefix = useId();
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    useFlushSync: false,
    scrollPaddingStart: rowHeight,
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1];
  useEffect(() => onVisible?.(first, last), [first, last, onVisible]);
  useEffect(() => {
    if (selected !== null && selected < count) virtual.scrollToIndex(selected, { align: "auto" });
  }, [selected, count, virtual]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" && selected !== null) {
      props.onActivate?.(selected);
      return;
    }
    const next = rowAfterKey(event, selected, count, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2);
    if (next === null) return;
    event.preventDefault();
    props.onSelect?.(next);
  };

  // Rows that leave lend their elements to those that come: scrolling changes texts and makes no nodes.
  const slots = useRef(1);
  slots.current = Math.max(slots.current, items.length);
  const template = widths.map((px) => `${px}px`).join(" ");
  const total = widths.reduce((sum, px) => sum + px, 0);
  const { sort, onSort } = props;
  // Scrolling draws the table anew in every frame, and nothing of its head changes by that.
  const head = useMemo(
    () => (
      <div
        className="table-head"
        role="row"
        aria-rowindex={1}
        tabIndex={-1}
        style={{ gridTemplateColumns: template, width: total }}
      >
        {columns.map((column, index) => (
          <HeadCell
            key={column.id}
            column={column}
            width={widths[index] ?? 0}
            sort={sort}
            onSort={onSort}
            onResize={(px) => setFixed({ ...fixed, [column.id]: px })}
            onReset={() => setFixed(Object.fromEntries(Object.entries(fixed).filter(([id]) => id !== column.id)))}
          />
        ))}
      </div>
    ),
    [columns, widths, template, total, sort, onSort, fixed, setFixed],
  );
  return (
    <div className="table-frame">
      <div
        ref={scroller}
        className="table"
        role="grid"
        aria-label={props.label}
        aria-rowcount={count + 1}
        aria-colcount={columns.length}
        aria-busy={props.loading ?? false}
        tabIndex={0}
        aria-activedescendant={
          selected === null || selected < first || selected > last ? undefined : `${prefix}-${selected}`
        }
        onKeyDown={onKeyDown}
      >
        {head}
        <div className="table-body" role="rowgroup" style={{ height: virtual.getTotalSize(), width: total }}>
          {items.map((item) => (
            <BodyRow
              key={item.index % slots.current}
              id={`${prefix}-${item.index}`}
              index={item.index}
              top={item.start}
              template={template}
              row={props.row(item.index)}
              columns={columns as readonly Column<unknown>[]}
              selected={item.index === selected}
              onSelect={props.onSelect}
              onActivate={props.onActivate}
              rowClass={props.rowClass as ((row: unknown) => string) | undefined}
            />
          ))}
        </div>
      </div>
      {count === 0 && !props.loading ? <div className="table-empty">{props.empty}</div> : null}
    </div>
  );
}

const BodyRow = memo(function BodyRow(props: {
  readonly id: string;
  readonly index: number;
  readonly top: number;
  readonly template: string;
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly selected: boolean;
  readonly onSelect: ((index: number) => void) | undefined;
  readonly onActivate: ((index: number) => void) | undefined;
  readonly rowClass: ((row: unknown) => string) | undefined;
}) {
  const { row, index } = props;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid itself takes the keys
    <div
      id={props.id}
      className={`table-row ${row === undefined ? "" : (props.rowClass?.(row) ?? "")}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={props.selected}
      tabIndex={-1}
      style={{ transform: `translateY(${props.top}px)`, gridTemplateColumns: props.template }}
      onClick={() => props.onSelect?.(index)}
      onDoubleClick={() => props.onActivate?.(index)}
    >
      {props.columns.map((column) => (
        <div key={column.id} role="gridcell" className={`table-cell ${column.align ?? "start"}`} tabIndex={-1}>
          {row === undefined ? <span className="table-pending" /> : column.cell(row, index)}
        </div>
      ))}
    </div>
  );
});

function HeadCell<Row>(props: {
  readonly column: Column<Row>;
  readonly width: number;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
  readonly onResize: (px: number) => void;
  readonly onReset: () => void;
}) {
  const { column, sort, width } = props;
  const sorted = sort?.by === column.id ? sort.direction : null;
  const Arrow = sorted === "descending" ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      className={`table-head-cell ${column.align ?? "start"}`}
      // By itself its name would be all that is in it, with the handle: "Model Width of Model".
      aria-label={column.name === "" ? text.table.actions : column.name}
      aria-sort={sorted ?? "none"}
      title={column.hint}
      tabIndex={-1}
    >
      {column.sortable && props.onSort !== undefined ? (
        <button
          type="button"
          className="table-sort"
          onClick={() =>
            props.onSort?.({ by: column.id, direction: sorted === "ascending" ? "descending" : "ascending" })
          }
        >
          <span className="truncate">{column.name}</span>
          {sorted === null ? null : <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        <span className="truncate">{column.name}</span>
      )}
      <Resizer
        label={text.table.resize(column.name)}
        width={width}
        minimum={column.minimum}
        onResize={props.onResize}
        onReset={props.onReset}
      />
    </div>
  );
}

/** Right edge of a column: drag it, move it with the arrow keys, double-click to let it size itself again. */
function Resizer(props: {
  readonly label: string;
  readonly width: number;
  readonly minimum: number;
  readonly onResize: (px: number) => void;
  readonly onReset: () => void;
}) {
  const { width, minimum, onResize } = props;
  const start = useRef<{ x: number; width: number } | null>(null);
  const resize = useCallback((px: number) => onResize(Math.max(minimum, Math.round(px))), [minimum, onResize]);
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={props.label}
      aria-valuenow={Math.round(width)}
      aria-valuemin={minimum}
      aria-valuemax={2000}
      tabIndex={0}
      className="table-resizer"
      onDoubleClick={props.onReset}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        if (start.current !== null) resize(start.current.width + event.clientX - start.current.x);
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.preventDefault();
        resize(width + (event.key === "ArrowLeft" ? -8 : 8));
      }}
    />
  );
}

function useWidth(element: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const target = element.current;
    if (target === null) return;
    const observer = new ResizeObserver(() => setWidth(target.clientWidth));
    observer.observe(target);
    setWidth(target.clientWidth);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
