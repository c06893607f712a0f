// Tests the page of a job: what the provider sent, and adding the address of its video.
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { admin } from "@/lib/api/admin";
import { ApiError } from "@/lib/api/client";
import type { AdminAttempt, AdminJob, AdminJobDetails } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { makeJob, appWrapper } from "@/lib/testing";
import { JobDetails } from "./JobDetails";

const attempt: AdminAttempt = {
  id: "attempt-1",
  number: 1,
  upstream: "https://api.example.com/v1/videos",
  sentAt: "2026-01-01T00:00:00Z",
  acceptedAt: null,
  finishedAt: "2026-01-01T00:02:00Z",
  upstreamId: null,
  resultUrl: null,
  results: [{ position: 1, url: "https://cdn.example.com/page.html", source: "link", addedBy: null, createdAt: "2026-01-01T00:01:00Z" }],
  outcome: "unfetchable",
  detail: null,
  evidence: "<b>the end</b>",
  mayHaveBeenCharged: true,
  costState: "possible",
  cost: null,
  currency: null,
};
const failed: AdminJob = { ...makeJob({ status: "failed", errorCode: "unfetchable" }), userId: "user-2", userEmail: "mei@example.com" };
const details = (job: AdminJob): AdminJobDetails => ({ ...job, attempts: [attempt] });

beforeAll(setupI18n);

beforeEach(() => {
  vi.spyOn(admin, "job").mockResolvedValue(details(failed));
  vi.spyOn(admin, "addResult").mockResolvedValue({ ...failed, status: "pending" });
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

async function open(): Promise<void> {
  render(<JobDetails jobId="job-1" />, { wrapper: appWrapper() });
  await screen.findByTestId("admin-attempt");
}

async function add(address: string): Promise<void> {
  fireEvent.change(screen.getByLabelText("Add a video address"), { target: { value: address } });
  await act(async () => {
    fireEvent.submit(screen.getByTestId("admin-add-result"));
    await Promise.resolve();
  });
}

it("shows what the provider sent as text", async () => {
  await open();
  const evidence = screen.getByTestId("admin-evidence");
  expect(evidence.querySelector("code")?.textContent).toBe("<b>the end</b>");
  expect(evidence.querySelector("b")).toBeNull();
  expect(screen.getByTestId("admin-results").textContent).toBe("https://cdn.example.com/page.htmlFrom a link");
  expect(screen.getByTestId("admin-results").querySelector("a")).toBeNull();
});

it("adds an address, then shows the job's new state", async () => {
  await open();
  vi.mocked(admin.job).mockResolvedValue(details({ ...failed, status: "pending" }));
  await add(" https://cdn.example.com/video.mp4 ");
  expect(admin.addResult).toHaveBeenCalledExactlyOnceWith("job-1", "attempt-1", { url: "https://cdn.example.com/video.mp4" });
  expect(await screen.findByText("Waiting")).toBeTruthy();
  expect(screen.queryByTestId("admin-add-result")).toBeNull();
});

it.each(["", "cdn.example.com/video.mp4", "ftp://cdn.example.com/video.mp4", "javascript:alert(1)", "https://"])("rejects the address %j", async (address) => {
  await open();
  await add(address);
  expect(screen.getByText("Enter an http or https address.")).toBeTruthy();
  expect(admin.addResult).not.toHaveBeenCalled();
});

it("explains why an address was not added", async () => {
  vi.mocked(admin.addResult).mockRejectedValue(new ApiError({ status: 409, code: "wrong_state" }));
  await open();
  await add("https://cdn.example.com/video.mp4");
  expect(await screen.findByText("This is not possible in the current state.")).toBeTruthy();
});
