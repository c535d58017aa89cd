import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import { fromWire } from "../../connection/wireErrors.ts";
import { PageCache, pageSize, pagesFor } from "./pages.ts";

export interface PagedRows<Row> {
  /** Null until the first answer. */
  readonly total: number | null;
  readonly error: FolkmootError | null;
  readonly row: (index: number) => Row | undefined;
  readonly onVisible: (first: number, last: number) => void;
}

/**
 * The rows of a list, fetched as they come into view.
 * @param question what makes it another list: when one of these changes, what was fetched is forgotten
 */
export function usePagedRows<Row>(
  fetch: (page: {
    offset: number;
    limit: number;
  }) => Promise<{ readonly rows: readonly Row[]; readonly total: number }>,
  question: readonly unknown[],
): PagedRows<Row> {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question is another cache
  const cache = useMemo(() => new PageCache<Row>(), question);
  const [state, setState] = useState<Pick<PagedRows<Row>, "total" | "error">>({ total: null, error: null });
  const current = useRef(cache);
  current.current = cache;
  const asker = useRef(fetch);
  asker.current = fetch;
  const fetchPages = useCallback(
    (pages: readonly number[]) => {
      for (const page of pages)
        asker.current({ offset: page * pageSize, limit: pageSize }).then(
          (answer) => {
            cache.put(page, answer.rows);
            if (current.current === cache) setState({ total: answer.total, error: null });
          },
          (thrown: unknown) => {
            cache.fail(page);
            if (current.current === cache) setState((known) => ({ ...known, error: fromWire(thrown) }));
          },
        );
    },
    [cache],
  );
  useEffect(() => fetchPages(cache.ask([0])), [cache, fetchPages]);
  const onVisible = useCallback(
    (first: number, last: number) => fetchPages(cache.ask(pagesFor(first, last, last + 1))),
    [cache, fetchPages],
  );
  return { ...state, row: (index) => cache.row(index), onVisible };
}
