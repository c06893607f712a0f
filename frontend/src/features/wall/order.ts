// In which order the wall hangs. Invariant: what is developing comes first, then everything from the newest to the oldest.
import type { Job } from "@/lib/api/types";
import { isActive } from "@/lib/live/reducer";

const newestFirst = (a: Job, b: Job): number => {
  if (a.createdAt !== b.createdAt) return Date.parse(b.createdAt) - Date.parse(a.createdAt);
  return a.id < b.id ? 1 : -1;
};

export function wallOrder(jobs: Readonly<Record<string, Job>>): Job[] {
  const all = Object.values(jobs).sort(newestFirst);
  return [...all.filter(isActive), ...all.filter((job) => !isActive(job))];
}
