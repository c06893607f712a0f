// Tests the buttons of a card, by mouse and keyboard, for each state of its job.
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { resetActions } from "@/lib/jobs/actions";
import { useJobs } from "@/lib/jobs/store";
import { makeJob, appWrapper } from "@/lib/testing";
import { Gallery } from "./Gallery";

const never = new Promise<never>(() => undefined);
const onReuse = vi.fn();

beforeAll(setupI18n);

beforeEach(() => {
  resetActions();
  useJobs.getState().reset();
  onReuse.mockReset();
  vi.spyOn(videos, "jobs").mockReturnValue(never);
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const apply = (...jobs: Job[]) => useJobs.getState().apply({ type: "jobs", jobs });

function renderJobs(...jobs: Job[]) {
  apply(...jobs);
  render(<Gallery empty={null} onReuse={onReuse} />, { wrapper: appWrapper() });
}

const button = (name: string) => screen.getByRole("button", { name });
const running = makeJob({ status: "processing", phase: "generating", progress: 36 });
const failed = makeJob({ status: "failed", errorCode: "busy" });
const cancelled = makeJob({ status: "cancelled" });

describe("an active card", () => {
  it("shows the cancellation on click, without a progress value", () => {
    vi.spyOn(videos, "cancel").mockReturnValue(never);
    renderJobs(running);
    expect(screen.getByTestId("job-status").textContent).toBe("Generating 36%");
    fireEvent.click(button("Cancel"));
    expect(screen.getByTestId("job-status").textContent).toBe("Cancelling…");
    expect(screen.getByTestId("job-progress").dataset.known).toBe("false");
    expect(button("Cancel").getAttribute("aria-disabled")).toBe("true");
  });

  it("returns to its state when cancelling fails, and can be cancelled again", async () => {
    const call = vi.spyOn(videos, "cancel").mockRejectedValue(new ApiError({ status: 503, code: "unavailable" }));
    renderJobs(running);
    fireEvent.click(button("Cancel"));
    expect((await screen.findByRole("alert")).textContent).toBe("Could not cancel. The server is temporarily unavailable. Try again shortly.");
    expect(screen.getByTestId("job-status").textContent).toBe("Generating 36%");
    fireEvent.click(button("Cancel"));
    expect(call).toHaveBeenCalledTimes(2);
  });

  it("cannot be deleted", () => {
    renderJobs(running);
    expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
  });
});

describe("a failed card", () => {
  it.each([
    [{ errorCode: "busy" }, "Try again", "It was not charged. "],
    [{ errorCode: "transient", mayHaveBeenCharged: true }, "Try again", "It may have been charged. Trying again may incur another charge."],
    [{ errorCode: "stalled", mayHaveBeenCharged: true }, "Try again", "It may have been charged. Trying again may incur another charge."],
    [{ errorCode: "poison" }, "Try again", "It was not charged. Trying again may incur a charge."],
    [{ errorCode: "unfetchable", mayHaveBeenCharged: true }, "Download again", "It may have been charged. Downloading again is not charged."],
    [{ errorCode: "refused", mayHaveBeenCharged: true }, "Edit prompt", "It may have been charged. "],
    [{ errorCode: "invalid" }, "Edit prompt", "It was not charged. "],
    [{ errorCode: "brand_new" as "internal" }, "Try again", "It was not charged. "],
  ] as const)("%o has one suggested action and states its cost", (fields, name, cost) => {
    renderJobs(makeJob({ status: "failed", ...fields }));
    const names = within(screen.getByTestId("gallery")).getAllByRole("button").map((one) => one.textContent || one.getAttribute("aria-label"));
    expect(names).toEqual([name, "Delete"]);
    const descriptionId = button(name).getAttribute("aria-describedby") ?? "";
    expect(document.getElementById(descriptionId)?.textContent).toBe(cost);
  });

  it("shows the time since the failure, not since the submission", () => {
    renderJobs({ ...failed, createdAt: "2026-01-01T00:00:00Z", finishedAt: "2026-01-01T01:00:00Z" });
    expect(screen.getByTestId("job-card").querySelector("time")?.dateTime).toBe("2026-01-01T01:00:00Z");
  });

  it("retries on one click, and ignores the second click of a double click", () => {
    const retry = vi.spyOn(videos, "retry").mockReturnValue(never);
    renderJobs(failed);
    fireEvent.click(button("Try again"), { detail: 2 });
    expect(retry).not.toHaveBeenCalled();
    fireEvent.click(button("Try again"), { detail: 1 });
    expect(retry).toHaveBeenCalledExactlyOnceWith("job-1");
  });

  it("downloads again without a new submission", () => {
    const retry = vi.spyOn(videos, "retry");
    const fetch = vi.spyOn(videos, "fetch").mockReturnValue(never);
    renderJobs(makeJob({ status: "failed", errorCode: "unfetchable" }));
    fireEvent.click(button("Download again"));
    expect(fetch).toHaveBeenCalledExactlyOnceWith("job-1");
    expect(retry).not.toHaveBeenCalled();
  });

  it("returns a rejected prompt to the composer, and sends nothing", () => {
    const retry = vi.spyOn(videos, "retry");
    const rejected = makeJob({ status: "failed", errorCode: "refused" });
    renderJobs(rejected);
    fireEvent.click(button("Edit prompt"));
    expect(onReuse).toHaveBeenCalledExactlyOnceWith(rejected);
    expect(retry).not.toHaveBeenCalled();
  });
});

describe("a cancelled row", () => {
  it("can be retried, and states when that may be charged again", () => {
    const retry = vi.spyOn(videos, "retry").mockReturnValue(never);
    renderJobs({ ...cancelled, mayHaveBeenCharged: true });
    const descriptionId = button("Try again").getAttribute("aria-describedby") ?? "";
    expect(document.getElementById(descriptionId)?.textContent).toBe("Trying again may incur another charge.");
    fireEvent.click(button("Try again"));
    expect(retry).toHaveBeenCalledExactlyOnceWith("job-1");
  });

  it("does not mention a charge when there was none", () => {
    renderJobs(cancelled);
    expect(screen.queryByText(/charged/)).toBeNull();
  });
});

describe("deleting", () => {
  it.each([
    ["a completed", makeJob({ status: "completed", videoId: "v" })],
    ["a failed", failed],
    ["a cancelled", cancelled],
  ])("asks before deleting %s job, with the focus on Cancel", async (_, job) => {
    const remove = vi.spyOn(videos, "remove").mockResolvedValue(undefined);
    renderJobs(job);
    fireEvent.click(button("Delete"));
    expect(screen.getByRole("group", { name: "Delete this video?" })).toBeTruthy();
    expect(document.activeElement).toBe(button("Cancel"));
    expect(remove).not.toHaveBeenCalled();
    fireEvent.click(button("Delete"), { detail: 2 });
    expect(remove).not.toHaveBeenCalled();
    fireEvent.click(button("Delete"));
    expect(remove).toHaveBeenCalledExactlyOnceWith("job-1");
    await waitFor(() => expect(screen.queryByTestId("job-card")).toBeNull());
  });

  it.each([
    ["Escape", () => fireEvent.keyDown(button("Cancel"), { key: "Escape" })],
    ["Cancel", () => fireEvent.click(button("Cancel"))],
  ])("is dismissed by %s, and returns the focus", (_, dismiss) => {
    const remove = vi.spyOn(videos, "remove");
    const outside = vi.fn();
    window.addEventListener("keydown", outside);
    renderJobs(failed);
    fireEvent.click(button("Delete"));
    dismiss();
    window.removeEventListener("keydown", outside);
    expect(screen.queryByRole("group", { name: "Delete this video?" })).toBeNull();
    expect(document.activeElement).toBe(button("Delete"));
    expect(outside).not.toHaveBeenCalled();
    expect(remove).not.toHaveBeenCalled();
  });

  it("is dismissed by a click elsewhere", () => {
    renderJobs(failed);
    fireEvent.click(button("Delete"));
    fireEvent.pointerDown(document.body);
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it("shows an error without a response, and can be repeated", async () => {
    const remove = vi.spyOn(videos, "remove").mockRejectedValue(new ApiError({ status: 0, code: "network" }));
    renderJobs(failed);
    fireEvent.click(button("Delete"));
    fireEvent.click(button("Delete"));
    expect((await screen.findByRole("alert")).textContent).toBe("No response from the server. Check your connection.");
    fireEvent.click(button("Delete"));
    expect(remove).toHaveBeenCalledTimes(2);
  });
});
