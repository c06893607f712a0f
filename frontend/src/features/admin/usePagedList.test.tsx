// Tests reading an administration list page by page.
import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Page } from "@/lib/api/types";
import { appWrapper } from "@/lib/testing";
import { usePagedList } from "./usePagedList";

interface Row {
  id: string;
  text: string;
}

afterEach(cleanup);

it("appends pages, replaces a row, and starts over with another query", async () => {
  const fetchPage = vi.fn((query: { q: string; cursor?: string }): Promise<Page<Row>> => {
    const id = query.cursor ?? "1";
    return Promise.resolve({ data: [{ id: query.q + id, text: "old" }], nextCursor: id === "1" ? "2" : null });
  });
  const { result, rerender } = renderHook(({ q }) => usePagedList("rows", { q }, fetchPage), { initialProps: { q: "a" }, wrapper: appWrapper() });
  const ids = () => result.current.rows?.map((row) => row.id);
  expect(result.current.rows).toBeNull();
  await waitFor(() => expect(ids()).toEqual(["a1"]));
  act(() => result.current.loadMore());
  await waitFor(() => expect(ids()).toEqual(["a1", "a2"]));
  expect(result.current.hasMore).toBe(false);
  act(() => result.current.replace({ id: "a2", text: "new" }));
  await waitFor(() => expect(result.current.rows?.map((row) => row.text)).toEqual(["old", "new"]));
  rerender({ q: "b" });
  expect(result.current.rows).toBeNull();
  await waitFor(() => expect(ids()).toEqual(["b1"]));
});
