// What was asked for in the last thirty days, and what of it may have cost money. Invariant: pure; a job counts when it was made,
// and what is not known to have been free counts as charged.
import type { Job } from "@/lib/api/types";

export const usageDays = 30;

export interface UsageSummary {
  submitted: number;
  completed: number;
  /** Jobs that brought no video and may have been charged, the newest first. */
  chargedFailures: Job[];
  /** Jobs with a video for which an earlier request may have been charged as well. */
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

/** Pages of jobs, the newest first, until they are older than `since` in ms. */
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
