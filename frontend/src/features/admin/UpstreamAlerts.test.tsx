// Tests the warning about a provider whose responses cannot be read.
import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { admin } from "@/lib/api/admin";
import type { UpstreamState } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { appWrapper } from "@/lib/testing";
import { UpstreamAlerts } from "./UpstreamAlerts";

const suspended: UpstreamState = {
  upstream: "https://api.example.com/v1/videos",
  unreadableJobs: 3,
  lastJobId: "job-1",
  sample: "<b>denied</b>",
  since: "2026-01-01T00:00:00Z",
  suspendedAt: "2026-01-01T00:10:00Z",
};

beforeAll(setupI18n);

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

it("shows nothing while all responses can be read", async () => {
  const query = vi.spyOn(admin, "upstreams").mockResolvedValue({ data: [] });
  render(<UpstreamAlerts />, { wrapper: appWrapper() });
  await waitFor(() => expect(query).toHaveBeenCalled());
  expect(screen.queryByTestId("upstream-alert")).toBeNull();
});

it("warns before submissions are suspended", async () => {
  vi.spyOn(admin, "upstreams").mockResolvedValue({ data: [{ ...suspended, unreadableJobs: 1, suspendedAt: null }] });
  render(<UpstreamAlerts />, { wrapper: appWrapper() });
  expect((await screen.findByTestId("upstream-alert")).textContent).toContain("1 job in a row");
  expect(screen.queryByText("New jobs wait until an administrator resumes submissions.")).toBeNull();
});

it("resumes a suspended provider after a confirmation", async () => {
  const query = vi.spyOn(admin, "upstreams").mockResolvedValue({ data: [suspended] });
  const resume = vi.spyOn(admin, "resumeUpstream").mockResolvedValue(undefined);
  render(<UpstreamAlerts />, { wrapper: appWrapper() });
  const alert = await screen.findByTestId("upstream-alert");
  expect(alert.textContent).toContain("<b>denied</b>");
  expect(alert.querySelector("b")).toBeNull();
  query.mockResolvedValue({ data: [] });
  fireEvent.click(screen.getByTestId("upstream-resume"));
  expect(resume).not.toHaveBeenCalled();
  fireEvent.click(screen.getByTestId("upstream-resume"), { detail: 1 });
  await waitFor(() => expect(screen.queryByTestId("upstream-alert")).toBeNull());
  expect(resume.mock.calls.map(([upstream]) => upstream)).toEqual([suspended.upstream]);
});
