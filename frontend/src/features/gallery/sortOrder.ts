// The gallery's order: active jobs first, then newest to oldest.
import type { Job } from "@/lib/api/types";
import { isActive } from "@/lib/jobs/reducer";

const times = new WeakMap<Job, number>();

/** Cached per job state: sorting compares thousands. */
function createdAtMs(job: Job): number {
  let time = times.get(job);
  if (time === undefined) {
    time = Date.parse(job.createdAt);
    times.set(job, time);
  }
  return time;
}

function newestFirst(a: Job, b: Job): number {
  const difference = createdAtMs(b) - createdAtMs(a);
  if (difference !== 0) return difference;
  return a.id < b.id ? 1 : -1;
}

export function sortForGallery(jobs: readonly Job[]): Job[] {
  const all = [...jobs].sort(newestFirst);
  return [...all.filter(isActive), ...all.filter((job) => !isActive(job))];
}

/** Removes ended jobs older than the loaded pages: they came from a search, and jobs between are not loaded yet. */
export const withoutUnloaded = (jobs: readonly Job[], oldestLoaded: string | null): readonly Job[] =>
  oldestLoaded === null ? jobs : jobs.filter((job) => isActive(job) || createdAtMs(job) >= Date.parse(oldestLoaded));
