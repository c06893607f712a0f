// The gallery's search and filter. Invariant: never part of the URL, since prompts are private.
import { create } from "zustand";
import type { Job, JobStatus } from "@/lib/api/types";
import { isActive } from "./reducer";

/** `active`: pending or processing. */
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

/** The server's limit. */
export const maxQueryLength = 200;

const noFilter: Filter = { q: "", status: "all" };

export const useFilter = create<FilterStore>()((set) => ({
  ...noFilter,
  setQuery: (q) => set({ q }),
  setStatus: (status) => set({ status }),
  clear: () => set(noFilter),
}));

export const isFiltering = ({ q, status }: Filter): boolean => q.trim() !== "" || status !== "all";

/** The server's rule: a case-insensitive substring of the prompt. */
export function matches(job: Job, { q, status }: Filter): boolean {
  if (status === "active" ? !isActive(job) : status !== "all" && job.status !== status) return false;
  const needle = q.trim().toLowerCase();
  return needle === "" || job.prompt.toLowerCase().includes(needle);
}
