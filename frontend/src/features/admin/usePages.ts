// A list that is read page by page. Invariant: what is asked for differently begins anew, and a late answer is dropped.
import { useCallback, useEffect, useState } from "react";
import type { Page } from "@/lib/api/types";
import { asApiError, type ApiError } from "@/lib/api/client";

interface Pages<Row> {
  rows: readonly Row[] | null;
  more: boolean;
  error: ApiError | null;
  loadMore: () => void;
  /** Puts a changed row in the place of the former. */
  replace: (isSame: (row: Row) => boolean, row: Row) => void;
}

interface Read<Row> {
  ask: unknown;
  rows: readonly Row[];
  cursor: string | null;
}

/** `ask` must stay the same function for as long as it asks for the same. */
export function usePages<Row>(ask: (cursor?: string) => Promise<Page<Row>>): Pages<Row> {
  const [read, setRead] = useState<Read<Row> | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const current = read?.ask === ask ? read : null;

  const take = useCallback(
    (before: readonly Row[], page: Page<Row>) => {
      setRead({ ask, rows: [...before, ...page.data], cursor: page.nextCursor });
      setError(null);
    },
    [ask],
  );
  const refuse = (cause: unknown) => setError(asApiError(cause));
  useEffect(() => {
    let late = false;
    ask().then(
      (page) => !late && take([], page),
      (cause: unknown) => !late && refuse(cause),
    );
    return () => {
      late = true;
    };
  }, [ask, take]);

  return {
    rows: current?.rows ?? null,
    more: current?.cursor != null,
    error,
    loadMore: () => {
      if (current?.cursor != null) ask(current.cursor).then((page) => take(current.rows, page), refuse);
    },
    replace: (isSame, row) => setRead((old) => old && { ...old, rows: old.rows.map((one) => (isSame(one) ? row : one)) }),
  };
}
