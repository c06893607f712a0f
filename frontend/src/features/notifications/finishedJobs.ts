// Finds the jobs that finished between two states of the store.
import type { Job } from "@/lib/api/types";
import { isActive, type JobsState } from "@/lib/jobs/reducer";

export interface FinishedJobs {
  completed: Job[];
  failed: number;
  cancelled: number;
  deleted: number;
}

export function finishedBetween(previous: JobsState, current: JobsState): FinishedJobs {
  const finished: FinishedJobs = { completed: [], failed: 0, cancelled: 0, deleted: 0 };
  for (const [id, previousJob] of previous.jobs) {
    const job = current.jobs.get(id);
    if (previousJob === job) continue;
    // Without a tombstone it was not deleted: the session ended.
    if (!job) finished.deleted += id in current.gone ? 1 : 0;
    else if (!isActive(previousJob)) continue;
    else if (job.status === "completed") finished.completed.push(job);
    else if (job.status === "failed") finished.failed += 1;
    else if (job.status === "cancelled") finished.cancelled += 1;
  }
  return finished;
}
