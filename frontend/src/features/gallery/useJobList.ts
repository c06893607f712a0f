// Loads the list of jobs page by page, per search and filter. Invariant: one request per list at a time, and pages only add jobs.
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { JobQuery } from "@/lib/api/types";
import { useFilter, type Filter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { useDebounced } from "@/lib/useDebounced";

const firstPageSize = 24;
const nextPageSize = 60;

interface ListState {
  /** Undefined before the first page, null after the last. */
  cursor: string | null | undefined;
  /** Creation time of the last loaded job: older jobs are not loaded yet. */
  oldestLoaded: string | null;
  loading: boolean;
  error: ApiError | null;
}

const emptyList: ListState = { cursor: undefined, oldestLoaded: null, loading: false, error: null };

/** One list per search and filter. */
const useLists = create<{ lists: Readonly<Record<string, ListState>> }>()(() => ({ lists: {} }));

export const resetJobLists = (): void => useLists.setState({ lists: {} });

const listKey = ({ q, status }: Filter): string => `${status} ${q.trim()}`;

/** Active jobs are already known from the websocket or polling. */
const needsServer = ({ status }: Filter): boolean => status !== "active";

function toQuery({ q, status }: Filter): JobQuery {
  const query: JobQuery = {};
  if (q.trim() !== "") query.q = q.trim();
  if (status !== "all" && status !== "active") query.status = [status];
  return query;
}

async function loadPage(filter: Filter): Promise<void> {
  const key = listKey(filter);
  const list = useLists.getState().lists[key] ?? emptyList;
  if (list.loading || list.cursor === null) return;
  const loadingList: ListState = { ...list, loading: true, error: null };
  const put = (next: ListState) => useLists.setState(({ lists }) => ({ lists: { ...lists, [key]: next } }));
  put(loadingList);
  // The list was reset, since another user may have signed in: drop the response.
  const isCurrent = () => useLists.getState().lists[key] === loadingList;
  try {
    const paging = typeof list.cursor === "string" ? { limit: nextPageSize, cursor: list.cursor } : { limit: firstPageSize };
    const page = await videos.jobs({ ...toQuery(filter), ...paging });
    if (!isCurrent()) return;
    useJobs.getState().apply({ type: "jobs", jobs: page.data });
    put({ cursor: page.nextCursor, oldestLoaded: page.data.at(-1)?.createdAt ?? list.oldestLoaded, loading: false, error: null });
  } catch (cause) {
    if (isCurrent()) put({ ...loadingList, loading: false, error: asApiError(cause) });
  }
}

export interface JobList extends ListState {
  loadMore: () => void;
}

export function useJobList(): JobList {
  const q = useFilter((state) => state.q);
  const status = useFilter((state) => state.status);
  const debouncedQ = useDebounced(q);
  const list = useLists(({ lists }) => lists[listKey({ q: debouncedQ, status })] ?? emptyList);
  const loadMore = useCallback(() => void loadPage({ q: debouncedQ, status }), [debouncedQ, status]);
  const enabled = needsServer({ q: debouncedQ, status });
  useEffect(() => {
    if (enabled && list.cursor === undefined && list.error === null) loadMore();
  }, [enabled, list.cursor, list.error, loadMore]);
  return enabled ? { ...list, loadMore } : { ...emptyList, cursor: null, loadMore };
}
