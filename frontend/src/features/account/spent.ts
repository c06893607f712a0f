// What was asked for in the last thirty days, and what of it may have cost money. Invariant: pure; a job counts when it was made,
// and what is not known to have been free counts as charged.
import type { Job } from "@/lib/api/types";

export const days = 30;

export interface Spent {
  asked: number;
  ready: number;
  /** Jobs that brought no video and may have been charged, the newest first. */
  lost: Job[];
  /** Jobs with a video for which an earlier request may have been charged as well. */
  twice: number;
}

export function spentIn(jobs: readonly Job[]): Spent {
  const ended = jobs.filter((job) => job.mayHaveBeenCharged);
  return {
    asked: jobs.length,
    ready: jobs.filter((job) => job.status === "completed").length,
    lost: ended.filter((job) => job.status === "failed" || job.status === "cancelled"),
    twice: ended.filter((job) => job.status === "completed").length,
  };
}

/** Pages of jobs, the newest first, until they are older than `since` in ms. */
export async function collect(
  since: number,
  page: (cursor?: string) => Promise<{ data: Job[]; nextCursor: string | null }>,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data, nextCursor } = await page(cursor);
    const recent = data.filter((job) => Date.parse(job.createdAt) >= since);
    jobs.push(...recent);
    if (nextCursor === null || recent.length < data.length) return jobs;
    cursor = nextCursor;
  }
}
