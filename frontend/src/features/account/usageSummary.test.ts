// Tests that the usage summary omits nothing that may have been charged.
import { expect, it, vi } from "vitest";
import { makeJob } from "@/lib/testing";
import { fetchJobsSince, summarizeUsage } from "./usageSummary";

const charged = { mayHaveBeenCharged: true };

it("separates completed videos from charged failures", () => {
  const spent = summarizeUsage([
    makeJob({ id: "a", status: "completed" }),
    makeJob({ id: "b", status: "completed", ...charged }),
    makeJob({ id: "c", status: "failed", ...charged }),
    makeJob({ id: "d", status: "cancelled", ...charged }),
    makeJob({ id: "e", status: "failed" }),
    makeJob({ id: "f", status: "processing", ...charged }),
  ]);
  expect(spent).toMatchObject({ submitted: 6, completed: 2, chargedAgain: 1 });
  expect(spent.chargedFailures.map((job) => job.id)).toEqual(["c", "d"]);
});

it("stops fetching at the first page with older jobs", async () => {
  const at = (day: string) => makeJob({ id: day, createdAt: `2026-01-${day}T00:00:00Z` });
  const page = vi
    .fn<(cursor?: string) => Promise<{ data: ReturnType<typeof at>[]; nextCursor: string | null }>>()
    .mockResolvedValueOnce({ data: [at("20"), at("19")], nextCursor: "19" })
    .mockResolvedValueOnce({ data: [at("18"), at("09")], nextCursor: "09" });
  const jobs = await fetchJobsSince(Date.parse("2026-01-10T00:00:00Z"), page);
  expect(jobs.map((job) => job.id)).toEqual(["20", "19", "18"]);
  expect(page.mock.calls).toEqual([[undefined], ["19"]]);
});
