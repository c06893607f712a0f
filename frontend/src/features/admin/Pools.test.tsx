// Tests the page of pools and upstreams: why jobs wait, pausing, and trying a refused key again.
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { admin } from "@/lib/api/admin";
import type { Pool, PoolUpstream } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { Pools } from "./Pools";

const relay: PoolUpstream = {
  name: "relay",
  address: "https://relay.example/v1/videos",
  priority: 1,
  status: "key_refused",
  refusedAt: "2026-01-01T00:00:00Z",
  paused: false,
  inFlight: 1,
  concurrency: 4,
  catalogueConcurrency: 4,
  completed: 3,
  failed: 1,
  medianSeconds: 65,
  lastErrors: [{ jobId: "job-1", outcome: "unauthorised", detail: "<b>no such key</b>", at: "2026-01-01T00:00:00Z" }],
};
const pool: Pool = { name: "paid", models: ["sora-2"], paused: false, waiting: 12, inFlight: 1, concurrency: 4, blockedBy: "no_upstream", upstreams: [relay] };

const show = (changed: Partial<Pool> = {}) => {
  vi.spyOn(admin, "pools").mockResolvedValue({ data: [{ ...pool, ...changed }] });
  render(<Pools />, { wrapper: appWrapper() });
};

beforeAll(setupI18n);

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it("says why no job starts, and how each provider does", async () => {
  show();
  expect((await screen.findByTestId("admin-pool-status")).textContent).toBe("No job starts: none of the providers below can be used.");
  const row = screen.getByTestId("admin-upstreams").textContent;
  expect(row).toContain("Key refused");
  expect(row).toContain("1 / 4");
  expect(row).toContain("75%");
  expect(row).toContain("<b>no such key</b>");
});

it("pauses a pool and changes the places of a provider", async () => {
  const setPool = vi.spyOn(admin, "setPool").mockResolvedValue(undefined);
  const setUpstream = vi.spyOn(admin, "setUpstream").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByTestId("admin-pool-pause"));
  await waitFor(() => expect(setPool).toHaveBeenCalledWith("paid", { paused: true }));
  const field = screen.getByLabelText("Places (relay)");
  fireEvent.change(field, { target: { value: "0" } });
  fireEvent.submit(field);
  expect(setUpstream).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: "8" } });
  fireEvent.submit(field);
  await waitFor(() => expect(setUpstream).toHaveBeenCalledWith("relay", { concurrency: 8 }));
});

it("tries a provider again after a confirmation", async () => {
  const resume = vi.spyOn(admin, "resumeUpstream").mockResolvedValue(undefined);
  show();
  fireEvent.click(await screen.findByTestId("admin-upstream-retry-relay"));
  expect(resume).not.toHaveBeenCalled();
  fireEvent.click(screen.getByTestId("admin-upstream-retry-relay"), { detail: 1 });
  await waitFor(() => expect(resume.mock.calls[0]?.[0]).toBe("relay"));
});

it("has no controls without a catalogue", async () => {
  show({ upstreams: [], blockedBy: null });
  expect((await screen.findByTestId("admin-pool-status")).textContent).toBe("Jobs are starting normally.");
  expect(screen.queryByTestId("admin-pool-pause")).toBeNull();
});
