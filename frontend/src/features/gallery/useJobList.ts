// The list of jobs, page by page on the server's cursor, for what is looked for. Invariant: one page of a list is asked for at a
// time, and pages only ever add; what the page holds already shows at once.
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos, type JobFilter } from "@/lib/api/endpoints";
import { useFilter, type Filter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { useDebounced } from "@/lib/useDebounced";

const firstPageSize = 24;
const nextPageSize = 60;

interface ListState {
  /** Undefined before the first page, null after the last. */
  cursor: string | null | undefined;
  /** When the last job so far was made: what is older has still to come. */
  oldestLoaded: string | null;
  loading: boolean;
  error: ApiError | null;
}

const emptyList: ListState = { cursor: undefined, oldestLoaded: null, loading: false, error: null };

/** One list for each thing that was looked for. */
const useLists = create<{ lists: Readonly<Record<string, ListState>> }>()(() => ({ lists: {} }));

export const resetJobLists = (): void => useLists.setState({ lists: {} });

const listKey = ({ q, status }: Filter): string => `${status} ${q.trim()}`;

/** What is under way is known already, by the websocket or by polling: there is nothing to ask for. */
const needsServer = ({ status }: Filter): boolean => status !== "active";

function toQuery({ q, status }: Filter): JobFilter {
  const query: JobFilter = {};
  if (q.trim() !== "") query.q = q.trim();
  if (status !== "all" && status !== "active") query.status = status;
  return query;
}

async function loadPage(filter: Filter): Promise<void> {
  const key = listKey(filter);
  const list = useLists.getState().lists[key] ?? emptyList;
  if (list.loading || list.cursor === null) return;
  const loadingList: ListState = { ...list, loading: true, error: null };
  const put = (next: ListState) => useLists.setState(({ lists }) => ({ lists: { ...lists, [key]: next } }));
  put(loadingList);
  // Someone else may have signed in before the answer came: then it is not theirs.
  const isCurrent = () => useLists.getState().lists[key] === loadingList;
  try {
    const page = await videos.jobs(list.cursor === undefined ? firstPageSize : nextPageSize, list.cursor, toQuery(filter));
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
