// Summarizes recent jobs and what they may have cost. A job counts on the day it was created; a request counts as charged unless it is
// known that it was not.
import type { Job } from "@/lib/api/types";

export const usageDays = 30;

export interface UsageSummary {
  submitted: number;
  completed: number;
  /** Jobs without a video that may have been charged, newest first. */
  chargedFailures: Job[];
  /** Number of jobs with a video for which an earlier request may have been charged as well. */
  chargedAgain: number;
}

export function summarizeUsage(jobs: readonly Job[]): UsageSummary {
  const charged = jobs.filter((job) => job.mayHaveBeenCharged);
  return {
    submitted: jobs.length,
    completed: jobs.filter((job) => job.status === "completed").length,
    chargedFailures: charged.filter((job) => job.status === "failed" || job.status === "cancelled"),
    chargedAgain: charged.filter((job) => job.status === "completed").length,
  };
}

/** Fetches pages of jobs, newest first, until they are older than `since` (ms). */
export async function fetchJobsSince(
  since: number,
  fetchPage: (cursor?: string) => Promise<{ data: Job[]; nextCursor: string | null }>,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data, nextCursor } = await fetchPage(cursor);
    const recent = data.filter((job) => Date.parse(job.createdAt) >= since);
    jobs.push(...recent);
    if (nextCursor === null || recent.length < data.length) return jobs;
    cursor = nextCursor;
  }
}
