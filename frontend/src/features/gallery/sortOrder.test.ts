// Tests the gallery's order.
import { expect, it } from "vitest";
import { makeJob } from "@/lib/testing";
import { sortForGallery, withoutUnloaded } from "./sortOrder";

it("places active jobs first, then newest to oldest", () => {
  const at = (id: string, hour: number, status: "completed" | "processing" | "failed") =>
    makeJob({ id, status, createdAt: `2026-01-01T0${hour}:00:00Z` });
  const jobs = [at("old", 1, "completed"), at("active", 2, "processing"), at("newest", 4, "failed"), at("newer", 3, "completed")];
  const ordered = sortForGallery(jobs);
  expect(ordered.map((job) => job.id)).toEqual(["active", "newest", "newer", "old"]);
});

it("hides jobs older than the loaded pages, except active ones", () => {
  const at = (id: string, hour: number, status: "completed" | "processing") => makeJob({ id, status, createdAt: `2026-01-01T0${hour}:00:00Z` });
  const jobs = [at("found by a search", 1, "completed"), at("active", 2, "processing"), at("last of the page", 3, "completed")];
  expect(withoutUnloaded(jobs, "2026-01-01T03:00:00Z").map((job) => job.id)).toEqual(["active", "last of the page"]);
  expect(withoutUnloaded(jobs, null)).toHaveLength(3);
});
