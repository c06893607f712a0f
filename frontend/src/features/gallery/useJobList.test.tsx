// Tests loading the list page by page.
import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useFilter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { makeJob, appWrapper } from "@/lib/testing";
import { useJobList } from "./useJobList";

const first = { data: [makeJob({ id: "b", createdAt: "2026-01-02T00:00:00Z" })], nextCursor: "b" };
const last = { data: [makeJob({ id: "a", createdAt: "2026-01-01T00:00:00Z" })], nextCursor: null };
const jobIds = () => [...useJobs.getState().jobs.keys()];

beforeEach(() => {
  useJobs.getState().reset();
  useFilter.getState().clear();
});

afterEach(cleanup);

const renderList = () => renderHook(() => useJobList(), { wrapper: appWrapper() });

it("adds each page to the job store", async () => {
  const fetchPage = vi.spyOn(videos, "jobs").mockResolvedValueOnce(first).mockResolvedValueOnce(last);
  const { result } = renderList();
  expect(result.current).toMatchObject({ cursor: undefined, loading: true });
  await waitFor(() => expect(result.current).toMatchObject({ cursor: "b", oldestLoaded: "2026-01-02T00:00:00Z", loading: false }));
  expect(jobIds()).toEqual(["b"]);
  act(() => result.current.loadMore());
  await waitFor(() => expect(result.current).toMatchObject({ cursor: null, oldestLoaded: "2026-01-01T00:00:00Z" }));
  expect(jobIds()).toEqual(["b", "a"]);
  expect(fetchPage.mock.calls.map(([query]) => query)).toEqual([{ limit: 24 }, { limit: 60, cursor: "b" }]);
});

it("keeps what is loaded when a page fails, and loads that page again", async () => {
  vi.spyOn(videos, "jobs")
    .mockResolvedValueOnce(first)
    .mockRejectedValueOnce(new ApiError({ status: 503, code: "unavailable" }))
    .mockResolvedValueOnce(last);
  const { result } = renderList();
  await waitFor(() => expect(result.current.cursor).toBe("b"));
  act(() => result.current.loadMore());
  await waitFor(() => expect(result.current).toMatchObject({ cursor: "b", loading: false, error: { code: "unavailable" } }));
  act(() => result.current.loadMore());
  await waitFor(() => expect(result.current).toMatchObject({ cursor: null, error: null }));
});

it("drops a response that arrives after the list was left", async () => {
  let answer: (page: typeof last) => void = () => undefined;
  vi.spyOn(videos, "jobs").mockReturnValue(new Promise((resolve) => (answer = resolve)));
  renderList().unmount();
  await act(async () => {
    answer(last);
    await Promise.resolve();
  });
  expect(jobIds()).toEqual([]);
});

it("requests nothing for active jobs, which the websocket reports", () => {
  const fetchPage = vi.spyOn(videos, "jobs");
  useFilter.getState().setStatus("active");
  const { result } = renderList();
  expect(result.current).toMatchObject({ cursor: null, loading: false });
  expect(fetchPage).not.toHaveBeenCalled();
});
