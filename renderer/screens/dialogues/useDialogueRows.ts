import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { FolkmootError } from "../../../core/contract/errors.ts";
import type { DialogueFilter, DialogueRow, DialogueSort } from "../../../core/contract/workbench/dialogues.ts";
import { useLists, useWorkbench } from "../../app/hooks.ts";
import { PageCache, pageSize, pagesFor } from "../../components/table/pages.ts";
import { fromWire } from "../../connection/wireErrors.ts";
import { isLive } from "../../stores/lists.ts";

/** Milliseconds between two looks while a society writes. */
const lookAgain = 2000;

export interface DialogueRows {
  /** Null until the first answer. */
  readonly total: number | null;
  readonly indexing: { readonly done: number; readonly total: number } | null;
  readonly error: FolkmootError | null;
  readonly row: (index: number) => DialogueRow | undefined;
  readonly onVisible: (first: number, last: number) => void;
  /** Asks again for what is in view, e.g. after an annotation. */
  readonly refresh: () => void;
}

/** The rows under a filter, fetched as they come into view; counts and rows follow while a society runs. */
export function useDialogueRows(filter: DialogueFilter, sort: DialogueSort): DialogueRows {
  const { client } = useWorkbench();
  const writing = useLists((lists) =>
    [...lists.runs.values()].some((run) => run.kind === "society" && isLive(run.state)),
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query is another cache
  const cache = useMemo(() => new PageCache<DialogueRow>(), [filter, sort]);
  const [state, setState] = useState<Known>({
    total: null,
    indexing: null,
    error: null,
  });
  const [, redraw] = useState(0);
  const current = useRef(cache);
  current.current = cache;
  const visible = useRef({ first: 0, last: 0 });
  const total = useRef(state.total);
  total.current = state.total;

  const fetchPages = useCallback(
    async (pages: readonly number[]) => {
      const answers = pages.map(async (page) => {
        try {
          const answer = await client.dialogues.query({ filter, sort, offset: page * pageSize, limit: pageSize });
          cache.put(page, answer.rows);
          // An answer to a query that nobody asks any more is kept for nobody.
          if (current.current !== cache) return;
          const { total, indexing } = answer;
          setState((known) => (isSame(known, total, indexing) ? known : { total, indexing, error: null }));
          // Rows that were fetched ahead are drawn when they come into view.
          const { first, last } = visible.current;
          if (page * pageSize <= last && (page + 1) * pageSize > first) redraw((n) => n + 1);
        } catch (thrown) {
          cache.fail(page);
          if (current.current === cache) setState((known) => ({ ...known, error: fromWire(thrown) }));
        }
      });
      await Promise.all(answers);
    },
    [client, filter, sort, cache],
  );

  const refresh = useCallback(() => {
    const { first, last } = visible.current;
    void fetchPages(pagesFor(first, Math.max(first, last), Math.max(1, last + 1)));
  }, [fetchPages]);

  useEffect(() => {
    void fetchPages(cache.ask([0]));
  }, [cache, fetchPages]);

  useEffect(() => {
    if (!writing && state.indexing === null) return;
    const timer = setInterval(refresh, lookAgain);
    return () => clearInterval(timer);
  }, [writing, state.indexing, refresh]);

  const onVisible = useCallback(
    (first: number, last: number) => {
      visible.current = { first, last };
      // A page ahead both ways: rows that come into view while scrolling are there already.
      const end = Math.min(last + pageSize, (total.current ?? last + 1) - 1);
      const missing = cache.ask(pagesFor(Math.max(0, first - pageSize), Math.max(last, end), Math.max(last, end) + 1));
      if (missing.length > 0) void fetchPages(missing);
    },
    [cache, fetchPages],
  );
  return { ...state, row: (index) => cache.row(index), onVisible, refresh };
}

type Known = Pick<DialogueRows, "total" | "indexing" | "error">;

function isSame(known: Known, total: number, indexing: DialogueRows["indexing"]): boolean {
  const [before, now] = [known.indexing, indexing];
  return known.total === total && known.error === null && before?.done === now?.done && before?.total === now?.total;
}
