// What is looked for among the jobs. Invariant: stays on this page; what someone searches for never stands in its address.
import { create } from "zustand";
import type { Job, JobStatus } from "@/lib/api/types";
import { isActive } from "./reducer";

/** `active` is everything under way. */
export type StatusFilter = "all" | "active" | Extract<JobStatus, "completed" | "failed" | "cancelled">;

export interface Filter {
  q: string;
  status: StatusFilter;
}

interface FilterStore extends Filter {
  setQuery: (q: string) => void;
  setStatus: (status: StatusFilter) => void;
  clear: () => void;
}

/** As long as the server takes. */
export const maxQueryLength = 200;

const noFilter: Filter = { q: "", status: "all" };

export const useFilter = create<FilterStore>()((set) => ({
  ...noFilter,
  setQuery: (q) => set({ q }),
  setStatus: (status) => set({ status }),
  clear: () => set(noFilter),
}));

export const isFiltering = ({ q, status }: Filter): boolean => q.trim() !== "" || status !== "all";

/** The same rule as the server's: the words as they stand, somewhere in the prompt, upper and lower case alike. */
export function matches(job: Job, { q, status }: Filter): boolean {
  if (status === "active" ? !isActive(job) : status !== "all" && job.status !== status) return false;
  const needle = q.trim().toLowerCase();
  return needle === "" || job.prompt.toLowerCase().includes(needle);
}
