// How someone learns that jobs have ended: as state, never as a storm.
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Job } from "@/lib/api/types";
import { setupI18n } from "@/lib/i18n/setup";
import { useJobs } from "@/lib/jobs/store";
import { makeJob } from "@/lib/testing";
import { clearToasts, useToasts } from "@/lib/toasts";
import { JobNotifications } from "./JobNotifications";

beforeAll(setupI18n);

beforeEach(() => {
  useJobs.getState().reset();
  clearToasts();
});

afterEach(cleanup);

const apply = (...jobs: Job[]) => act(() => useJobs.getState().apply({ type: "jobs", jobs }));
const running = (count: number) => Array.from({ length: count }, (_, n) => makeJob({ id: `job-${n}`, status: "processing", prompt: `fox ${n}` }));
const ready = (job: Job): Job => ({ ...job, status: "completed", videoId: "v", seq: job.seq + 1 });
const texts = () => useToasts.getState().toasts.map(({ text, detail }) => `${text}: ${detail ?? ""}`);

it("tells of a video that became ready, and leads to it", () => {
  render(<JobNotifications />);
  const jobs = running(1);
  apply(...jobs);
  apply(...jobs.map(ready));
  expect(useToasts.getState().toasts).toMatchObject([{ text: "Your video is ready", detail: "fox 0", href: "/videos/job-0" }]);
});

it("tells of three at most, and counts the rest", () => {
  render(<JobNotifications />);
  const jobs = running(7);
  apply(...jobs);
  apply(...jobs.map(ready));
  expect(texts()).toHaveLength(4);
  expect(texts().at(-1)).toBe("4 more videos are ready: ");
});

it("counts in the tab's title what became ready while nobody looked, until someone looks", () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  render(<JobNotifications />);
  const jobs = running(2);
  apply(...jobs);
  apply(...jobs.map(ready));
  expect(document.title).toBe("(2) Sora");
  hidden.mockReturnValue(false);
  act(() => {
    document.dispatchEvent(new Event("visibilitychange"));
  });
  expect(document.title).toBe("Sora");
});

it("says nothing of what was over before it looked", () => {
  render(<JobNotifications />);
  apply(makeJob({ status: "completed", videoId: "v" }));
  expect(texts()).toEqual([]);
  expect(screen.getByRole("status").textContent).toBe("");
});

it("announces the other endings without a toast", () => {
  render(<JobNotifications />);
  const [first, second, third] = running(3);
  apply(first!, second!, third!);
  apply({ ...first!, status: "failed", seq: 2 });
  expect(screen.getByRole("status").textContent).toBe("A video has failed.");
  apply({ ...second!, status: "cancelled", seq: 2 });
  expect(screen.getByRole("status").textContent).toBe("A video was cancelled.");
  act(() => useJobs.getState().apply({ type: "gone", id: "job-2", seq: 3 }));
  expect(screen.getByRole("status").textContent).toBe("A video was deleted.");
  expect(texts()).toEqual([]);
});

it("is silent when the session ends and everything goes at once", () => {
  render(<JobNotifications />);
  apply(...running(2));
  act(() => useJobs.getState().reset());
  expect(screen.getByRole("status").textContent).toBe("");
});
