// The order of the wall: what is alive comes first.
import { expect, it } from "vitest";
import { makeJob } from "@/lib/testing";
import { wallOrder } from "./order";

it("hangs what is developing first, then everything from the newest on", () => {
  const at = (id: string, hour: number, status: "completed" | "processing" | "failed") =>
    makeJob({ id, status, createdAt: `2026-01-01T0${hour}:00:00Z` });
  const jobs = [at("old", 1, "completed"), at("active", 2, "processing"), at("newest", 4, "failed"), at("newer", 3, "completed")];
  const ordered = wallOrder(Object.fromEntries(jobs.map((job) => [job.id, job])));
  expect(ordered.map((job) => job.id)).toEqual(["active", "newest", "newer", "old"]);
});
