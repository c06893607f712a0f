// The list of jobs, page by page on the server's cursor. Invariant: one page is asked for at a time, and pages only ever add.
import { useCallback, useEffect } from "react";
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useJobs } from "@/lib/jobs/store";

const pageSize = 24;

interface LibraryStore {
  /** Undefined before the first page, null after the last. */
  cursor: string | null | undefined;
  loading: boolean;
  error: ApiError | null;
}

const initial: LibraryStore = { cursor: undefined, loading: false, error: null };

export const useLibraryStore = create<LibraryStore>()(() => initial);

export const resetLibrary = (): void => useLibraryStore.setState(initial, true);

async function loadPage(): Promise<void> {
  const { cursor, loading } = useLibraryStore.getState();
  if (loading || cursor === null) return;
  const started: LibraryStore = { cursor, loading: true, error: null };
  useLibraryStore.setState(started, true);
  // Someone else may have signed in before the answer came: then it is not theirs.
  const stillWanted = () => useLibraryStore.getState().loading && useLibraryStore.getState().cursor === cursor;
  try {
    const page = await videos.jobs(pageSize, cursor);
    if (!stillWanted()) return;
    useJobs.getState().apply({ type: "jobs", jobs: page.data });
    useLibraryStore.setState({ cursor: page.nextCursor, loading: false });
  } catch (cause) {
    if (stillWanted()) useLibraryStore.setState({ loading: false, error: asApiError(cause) });
  }
}

export interface Library extends LibraryStore {
  loadMore: () => void;
}

export function useLibrary(): Library {
  const state = useLibraryStore();
  const loadMore = useCallback(() => void loadPage(), []);
  useEffect(() => {
    if (useLibraryStore.getState().cursor === undefined) void loadPage();
  }, []);
  return { ...state, loadMore };
}
