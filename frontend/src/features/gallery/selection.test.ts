// Tests selecting and deleting several jobs.
import { beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import { useJobs } from "@/lib/jobs/store";
import { makeJob } from "@/lib/testing";
import { deleteSelected, rangeBetween, syncSelection, useSelection } from "./selection";

const ids = ["a", "b", "c", "d", "e", "f"];

beforeEach(() => {
  useSelection.getState().clear();
  useJobs.getState().reset();
  useJobs.getState().apply({ type: "jobs", jobs: ids.map((id) => makeJob({ id, status: "completed", videoId: id })) });
  return syncSelection();
});

const chosen = () => [...useSelection.getState().selected].sort();

it("selects the range between two cards in both directions", () => {
  expect(rangeBetween(ids, "b", "d")).toEqual(["b", "c", "d"]);
  expect(rangeBetween(ids, "d", "b")).toEqual(["b", "c", "d"]);
  expect(rangeBetween(ids, "gone", "b")).toEqual(["b"]);
});

it("deletes the selected jobs and keeps failed ones selected", async () => {
  const busy = new ApiError({ status: 503, code: "unavailable" });
  const gone = new ApiError({ status: 404, code: "not_found" });
  vi.spyOn(videos, "remove").mockImplementation((id) => (id === "b" ? Promise.reject(busy) : id === "c" ? Promise.reject(gone) : Promise.resolve(undefined)));
  useSelection.getState().add(["a", "b", "c", "d", "e"]);
  expect(await deleteSelected()).toEqual({ deleted: 4, failed: 1 });
  expect(chosen()).toEqual(["b"]);
  expect([...useJobs.getState().jobs.keys()].sort()).toEqual(["b", "f"]);
});

it("deselects deleted jobs and jobs that started again", () => {
  useSelection.getState().add(["a", "b", "c"]);
  useJobs.getState().apply({ type: "gone", id: "a", seq: 2 });
  useJobs.getState().apply({ type: "jobs", jobs: [makeJob({ id: "b", status: "pending", seq: 2 })] });
  expect(chosen()).toEqual(["c"]);
});
