// Loads the list of jobs page by page, per search and filter. The jobs go to the job store; the cache holds only how far the list is loaded.
// Invariant: one request per list at a time, and pages only add jobs.
import { useCallback } from "react";
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import type { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { JobQuery } from "@/lib/api/types";
import { useFilter, type Filter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { useDebounced } from "@/lib/useDebounced";

const firstPageSize = 24;
const nextPageSize = 60;

export interface JobList {
  /** Undefined before the first page, null after the last. */
  cursor: string | null | undefined;
  /** Creation time of the last loaded job: older jobs are not loaded yet. */
  oldestLoaded: string | null;
  loading: boolean;
  error: ApiError | null;
  loadMore: () => void;
}

/** Active jobs are already known from the websocket or polling. */
const needsServer = ({ status }: Filter): boolean => status !== "active";

function toQuery({ q, status }: Filter): JobQuery {
  const query: JobQuery = {};
  if (q.trim() !== "") query.q = q.trim();
  if (status !== "all" && status !== "active") query.status = [status];
  return query;
}

function jobListQuery(filter: Filter) {
  const query = toQuery(filter);
  return infiniteQueryOptions({
    queryKey: ["jobs", query],
    queryFn: async ({ pageParam, signal }) => {
      const paging = pageParam === null ? { limit: firstPageSize } : { limit: nextPageSize, cursor: pageParam };
      const { data, nextCursor } = await videos.jobs({ ...query, ...paging }, signal);
      signal.throwIfAborted();
      useJobs.getState().apply({ type: "jobs", jobs: data });
      return { nextCursor, oldest: data.at(-1)?.createdAt ?? null };
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // The websocket keeps loaded jobs up to date.
    staleTime: Infinity,
    gcTime: Infinity,
  });
}

export function useJobList(): JobList {
  const q = useDebounced(useFilter((state) => state.q));
  const status = useFilter((state) => state.status);
  const enabled = needsServer({ q, status });
  const { data, error, isFetching, fetchNextPage, refetch } = useInfiniteQuery({ ...jobListQuery({ q, status }), enabled });
  const loaded = data !== undefined;
  const loadMore = useCallback(() => void (loaded ? fetchNextPage() : refetch()), [loaded, fetchNextPage, refetch]);
  if (!enabled) return { cursor: null, oldestLoaded: null, loading: false, error: null, loadMore };
  return {
    cursor: data?.pages.at(-1)?.nextCursor,
    oldestLoaded: data?.pages.findLast((page) => page.oldest !== null)?.oldest ?? null,
    loading: isFetching,
    error: isFetching ? null : error,
    loadMore,
  };
}
