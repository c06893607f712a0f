// Tests how finished jobs are announced.
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

it("announces a finished video with a link", () => {
  render(<JobNotifications />);
  const jobs = running(1);
  apply(...jobs);
  apply(...jobs.map(ready));
  expect(useToasts.getState().toasts).toMatchObject([{ text: "Your video is ready", detail: "fox 0", href: "/videos/job-0" }]);
});

it("shows at most three toasts and counts the rest", () => {
  render(<JobNotifications />);
  const jobs = running(7);
  apply(...jobs);
  apply(...jobs.map(ready));
  expect(texts()).toHaveLength(4);
  expect(texts().at(-1)).toBe("4 more videos are ready: ");
});

it("counts videos finished in a hidden tab in its title", () => {
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

it("does not announce jobs that had already ended", () => {
  render(<JobNotifications />);
  apply(makeJob({ status: "completed", videoId: "v" }));
  expect(texts()).toEqual([]);
  expect(screen.getByRole("status").textContent).toBe("");
});

it("announces failed, cancelled and deleted jobs without a toast", () => {
  render(<JobNotifications />);
  const [first, second, third] = running(3);
  apply(first!, second!, third!);
  apply({ ...first!, status: "failed", seq: 2 });
  expect(screen.getByRole("status").textContent).toBe("A video failed.");
  apply({ ...second!, status: "cancelled", seq: 2 });
  expect(screen.getByRole("status").textContent).toBe("A video was cancelled.");
  act(() => useJobs.getState().apply({ type: "gone", id: "job-2", seq: 3 }));
  expect(screen.getByRole("status").textContent).toBe("A video was deleted.");
  expect(texts()).toEqual([]);
});

it("announces nothing when the session ends", () => {
  render(<JobNotifications />);
  apply(...running(2));
  act(() => useJobs.getState().reset());
  expect(screen.getByRole("status").textContent).toBe("");
});
