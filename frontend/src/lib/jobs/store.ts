// The store of all jobs, and of requests that are not answered yet. Invariant: jobs change only through the reducer.
import { create } from "zustand";
import type { Job, Orientation } from "@/lib/api/types";
import { emptyJobs, reduceJobs, type JobsEvent, type JobsState } from "./reducer";

/** A request without a response yet; shown as a card at once. */
export interface OptimisticJob {
  key: string;
  prompt: string;
  orientation: Orientation;
}

interface JobsStore extends JobsState {
  optimisticJobs: readonly OptimisticJob[];
  apply: (event: JobsEvent) => void;
  addOptimisticJob: (optimisticJobs: OptimisticJob) => void;
  removeOptimisticJob: (key: string) => void;
  /** Clears everything, before another user may sign in. */
  reset: () => void;
}

const initial = { ...emptyJobs, optimisticJobs: [] as readonly OptimisticJob[] };

export const useJobs = create<JobsStore>()((set) => ({
  ...initial,
  apply: (event) =>
    set((state) => {
      const next = reduceJobs(state, event);
      if (next === state) return state;
      return { jobs: next.jobs, gone: next.gone, optimisticJobs: withoutConfirmed(state, event) };
    }),
  addOptimisticJob: (optimisticJobs) => set((state) => ({ optimisticJobs: [optimisticJobs, ...state.optimisticJobs] })),
  removeOptimisticJob: (key) => set((state) => ({ optimisticJobs: state.optimisticJobs.filter((one) => one.key !== key) })),
  reset: () => set(initial),
}));

/** The websocket may report a new job before its request is answered: show it once. */
function withoutConfirmed(state: JobsStore, event: JobsEvent): readonly OptimisticJob[] {
  if (event.type !== "jobs" || state.optimisticJobs.length === 0) return state.optimisticJobs;
  const optimisticJobs = [...state.optimisticJobs];
  for (const job of event.jobs) {
    if (state.jobs.has(job.id)) continue;
    const index = optimisticJobs.findLastIndex((one) => one.prompt === job.prompt && job.status === "pending");
    if (index >= 0) optimisticJobs.splice(index, 1);
  }
  return optimisticJobs;
}

export const useJob = (id: string): Job | undefined => useJobs((state) => state.jobs.get(id));
