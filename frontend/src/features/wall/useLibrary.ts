// The list of jobs, page by page on the server's cursor, for what is looked for. Invariant: one page of a list is asked for at a
// time, and pages only ever add; what the page holds already shows at once.
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos, type JobFilter } from "@/lib/api/endpoints";
import { useFilter, type Filter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { useDelayed } from "@/lib/useDelayed";

const firstPage = 24;
const nextPage = 60;

interface List {
  /** Undefined before the first page, null after the last. */
  cursor: string | null | undefined;
  /** When the last job so far was made: what is older has still to come. */
  reach: string | null;
  loading: boolean;
  error: ApiError | null;
}

const untouched: List = { cursor: undefined, reach: null, loading: false, error: null };

/** One list for each thing that was looked for. */
const useLists = create<{ lists: Readonly<Record<string, List>> }>()(() => ({ lists: {} }));

export const resetLibrary = (): void => useLists.setState({ lists: {} });

const keyOf = ({ q, status }: Filter): string => `${status} ${q.trim()}`;

/** What is under way is known already, by the websocket or by polling: there is nothing to ask for. */
const needsServer = ({ status }: Filter): boolean => status !== "developing";

function toQuery({ q, status }: Filter): JobFilter {
  const asked: JobFilter = {};
  if (q.trim() !== "") asked.q = q.trim();
  if (status !== "all" && status !== "developing") asked.status = status;
  return asked;
}

async function loadPage(filter: Filter): Promise<void> {
  const key = keyOf(filter);
  const list = useLists.getState().lists[key] ?? untouched;
  if (list.loading || list.cursor === null) return;
  const mine: List = { ...list, loading: true, error: null };
  const put = (next: List) => useLists.setState(({ lists }) => ({ lists: { ...lists, [key]: next } }));
  put(mine);
  // Someone else may have signed in before the answer came: then it is not theirs.
  const stillWanted = () => useLists.getState().lists[key] === mine;
  try {
    const page = await videos.jobs(list.cursor === undefined ? firstPage : nextPage, list.cursor, toQuery(filter));
    if (!stillWanted()) return;
    useJobs.getState().apply({ type: "jobs", jobs: page.data });
    put({ cursor: page.nextCursor, reach: page.data.at(-1)?.createdAt ?? list.reach, loading: false, error: null });
  } catch (cause) {
    if (stillWanted()) put({ ...mine, loading: false, error: asApiError(cause) });
  }
}

export interface Library extends List {
  loadMore: () => void;
}

export function useLibrary(): Library {
  const q = useFilter((state) => state.q);
  const status = useFilter((state) => state.status);
  const settled = useDelayed(q);
  const list = useLists(({ lists }) => lists[keyOf({ q: settled, status })] ?? untouched);
  const loadMore = useCallback(() => void loadPage({ q: settled, status }), [settled, status]);
  const needed = needsServer({ q: settled, status });
  useEffect(() => {
    if (needed && list.cursor === undefined && list.error === null) loadMore();
  }, [needed, list.cursor, list.error, loadMore]);
  return needed ? { ...list, loadMore } : { ...untouched, cursor: null, loadMore };
}
