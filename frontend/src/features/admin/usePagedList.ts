// Reads a list page by page. Invariant: changing the query starts over.
import { useInfiniteQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import type { ApiError } from "@/lib/api/client";
import type { Page } from "@/lib/api/types";

interface PagedList<Row> {
  rows: readonly Row[] | null;
  hasMore: boolean;
  error: ApiError | null;
  loadMore: () => void;
  /** Replaces the row with the same id. */
  replace: (row: Row) => void;
}

/** `query` identifies the list together with `name`; it is passed to `fetchPage` with the page's cursor. */
export function usePagedList<Row extends { id: string }, Query extends object>(
  name: string,
  query: Query,
  fetchPage: (query: Query & { cursor?: string }) => Promise<Page<Row>>,
): PagedList<Row> {
  const client = useQueryClient();
  const queryKey = ["admin", name, query];
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => fetchPage({ ...query, ...(pageParam !== null && { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  return {
    rows: data?.pages.flatMap((page) => page.data) ?? null,
    hasMore: hasNextPage,
    error,
    loadMore: () => void fetchNextPage(),
    replace: (row) =>
      client.setQueryData<InfiniteData<Page<Row>>>(queryKey, (old) => old && { ...old, pages: old.pages.map((page) => withRow(page, row)) }),
  };
}

const withRow = <Row extends { id: string }>(page: Page<Row>, row: Row): Page<Row> => ({
  ...page,
  data: page.data.map((one) => (one.id === row.id ? row : one)),
});
