// Reads a list page by page. Invariant: changing the query starts over, and late responses are dropped.
import { useCallback, useEffect, useState } from "react";
import { asApiError, type ApiError } from "@/lib/api/client";
import type { Page } from "@/lib/api/types";

interface PagedList<Row> {
  rows: readonly Row[] | null;
  hasMore: boolean;
  error: ApiError | null;
  loadMore: () => void;
  /** Replaces the first matching row. */
  replace: (matches: (row: Row) => boolean, row: Row) => void;
}

interface LoadedRows<Row> {
  fetchPage: unknown;
  rows: readonly Row[];
  cursor: string | null;
}

/** `fetchPage` must be referentially stable for the same query. */
export function usePagedList<Row>(fetchPage: (cursor?: string) => Promise<Page<Row>>): PagedList<Row> {
  const [loaded, setLoaded] = useState<LoadedRows<Row> | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const current = loaded?.fetchPage === fetchPage ? loaded : null;

  const append = useCallback(
    (loadedRows: readonly Row[], page: Page<Row>) => {
      setLoaded({ fetchPage, rows: [...loadedRows, ...page.data], cursor: page.nextCursor });
      setError(null);
    },
    [fetchPage],
  );
  const fail = (cause: unknown) => setError(asApiError(cause));
  useEffect(() => {
    let cancelled = false;
    fetchPage().then(
      (page) => !cancelled && append([], page),
      (cause: unknown) => !cancelled && fail(cause),
    );
    return () => {
      cancelled = true;
    };
  }, [fetchPage, append]);

  return {
    rows: current?.rows ?? null,
    hasMore: current?.cursor != null,
    error,
    loadMore: () => {
      if (current?.cursor != null) fetchPage(current.cursor).then((page) => append(current.rows, page), fail);
    },
    replace: (matches, row) => setLoaded((old) => old && { ...old, rows: old.rows.map((one) => (matches(one) ? row : one)) }),
  };
}
