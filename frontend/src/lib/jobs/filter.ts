// What is looked for among the jobs. Invariant: stays on this page; what someone searches for never stands in its address.
import { create } from "zustand";
import type { Job, JobStatus } from "@/lib/api/types";
import { isActive } from "@/lib/live/reducer";

/** `developing` is everything under way. */
export type StatusFilter = "all" | "developing" | Extract<JobStatus, "completed" | "failed" | "cancelled">;

export interface Filter {
  q: string;
  status: StatusFilter;
}

interface FilterStore extends Filter {
  search: (q: string) => void;
  only: (status: StatusFilter) => void;
  clear: () => void;
}

/** As long as the server takes. */
export const queryLimit = 200;

const everything: Filter = { q: "", status: "all" };

export const useFilter = create<FilterStore>()((set) => ({
  ...everything,
  search: (q) => set({ q }),
  only: (status) => set({ status }),
  clear: () => set(everything),
}));

export const isFiltering = ({ q, status }: Filter): boolean => q.trim() !== "" || status !== "all";

/** The same rule as the server's: the words as they stand, somewhere in the prompt, upper and lower case alike. */
export function matches(job: Job, { q, status }: Filter): boolean {
  if (status === "developing" ? !isActive(job) : status !== "all" && job.status !== status) return false;
  const wanted = q.trim().toLowerCase();
  return wanted === "" || job.prompt.toLowerCase().includes(wanted);
}
