// The one store of jobs, and of the requests that are on their way to become one. Invariant: jobs change only through the reducer.
import { create } from "zustand";
import type { Job, Orientation } from "@/lib/api/types";
import { emptyJobs, reduceJobs, type JobsEvent, type JobsState } from "./reducer";

/** A request that has been sent and not yet answered: shown on the wall at once. */
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
  /** Forgets everything, when someone else may be next at this screen. */
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

/** The websocket may tell of a new job before the request that made it is answered; it must not show twice. */
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
