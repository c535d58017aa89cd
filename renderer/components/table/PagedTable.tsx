import { EmptyState } from "../EmptyState.tsx";
import { ErrorNote } from "../ErrorNote.tsx";
import { DataTable, type DataTableProps } from "./DataTable.tsx";
import type { PagedRows } from "./usePagedRows.ts";

/** A table of rows that are fetched as they come into view, or why they cannot be. */
export function PagedTable<Row>({
  rows,
  none,
  ...table
}: Pick<DataTableProps<Row>, "id" | "label" | "columns" | "selected" | "onSelect"> & {
  readonly rows: PagedRows<Row>;
  /** Said where there are no rows. */
  readonly none: string;
}) {
  if (rows.error !== null)
    return (
      <div className="pane-error">
        <ErrorNote error={rows.error} />
      </div>
    );
  return (
    <DataTable
      {...table}
      count={rows.total ?? 0}
      row={rows.row}
      onVisible={rows.onVisible}
      loading={rows.total === null}
      empty={<EmptyState title={none} />}
    />
  );
}
