// Tests the detail view of a job that ends, is retried or is deleted while it is open.
import { act as flush, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { resetActions } from "@/lib/jobs/actions";
import { useJobs } from "@/lib/jobs/store";
import { makeJob, appWrapper } from "@/lib/testing";
import { VideoDetail } from "./VideoDetail";

const never = new Promise<never>(() => undefined);
const onBack = vi.fn();
const failed = makeJob({ status: "failed", errorCode: "timed_out", mayHaveBeenCharged: true, seq: 5 });

beforeAll(setupI18n);

beforeEach(() => {
  resetActions();
  useJobs.getState().reset();
  onBack.mockReset();
  vi.spyOn(videos, "attempts").mockReturnValue(never);
  vi.spyOn(videos, "models").mockReturnValue(never);
});

afterEach(cleanup);

const apply = (job: Job) => flush(() => useJobs.getState().apply({ type: "jobs", jobs: [job] }));

function open(job: Job) {
  useJobs.getState().apply({ type: "jobs", jobs: [job] });
  render(<VideoDetail jobId={job.id} onBack={onBack} onReuse={vi.fn()} />, { wrapper: appWrapper() });
}

const button = (name: string) => screen.getByRole("button", { name });

it("offers a retry with its cost, and follows the restarted job", () => {
  vi.spyOn(videos, "retry").mockReturnValue(never);
  open(failed);
  const descriptionId = button("Try again").getAttribute("aria-describedby") ?? "";
  expect(document.getElementById(descriptionId)?.textContent).toBe("Trying again may incur another charge.");
  fireEvent.click(button("Try again"));
  expect(button("Try again").getAttribute("aria-disabled")).toBe("true");
  apply(makeJob({ seq: 6 }));
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
  expect(button("Cancel").getAttribute("aria-disabled")).toBe("false");
});

it("shows the cancellation on click", () => {
  vi.spyOn(videos, "cancel").mockReturnValue(never);
  open(makeJob({ status: "processing", phase: "generating", progress: 36 }));
  fireEvent.click(button("Cancel"));
  expect(screen.getByTestId("job-status").textContent).toBe("Cancelling…");
});

it("navigates back only once the job is deleted", async () => {
  const remove = vi.spyOn(videos, "remove").mockRejectedValueOnce(new ApiError({ status: 503, code: "unavailable" }));
  open(failed);
  fireEvent.click(button("Delete"));
  fireEvent.keyDown(button("Cancel"), { key: "Escape" });
  fireEvent.click(button("Delete"));
  fireEvent.click(button("Delete"));
  await screen.findByRole("alert");
  expect(onBack).not.toHaveBeenCalled();
  remove.mockResolvedValueOnce(undefined);
  fireEvent.click(button("Delete"));
  await vi.waitFor(() => expect(onBack).toHaveBeenCalledOnce());
});

it("stays and shows a message when the job is deleted elsewhere", () => {
  const fetchJob = vi.spyOn(videos, "job");
  open(failed);
  flush(() => useJobs.getState().apply({ type: "gone", id: failed.id, seq: 9 }));
  expect(screen.getByText(/Video not found/)).toBeTruthy();
  expect(fetchJob).not.toHaveBeenCalled();
  expect(onBack).not.toHaveBeenCalled();
});
