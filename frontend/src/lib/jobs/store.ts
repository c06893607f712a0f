// The one store of jobs, and of the requests that are on their way to become one. Invariant: jobs change only through the reducer.
import { create } from "zustand";
import type { Job, Orientation } from "@/lib/api/types";
import { emptyJobs, reduceJobs, type JobsEvent, type JobsState } from "@/lib/live/reducer";
import type { ConnectionState } from "@/lib/live/socket";

/** A request that has been sent and not yet answered: shown on the wall at once. */
export interface Sending {
  key: string;
  prompt: string;
  orientation: Orientation;
}

interface JobsStore extends JobsState {
  connection: ConnectionState;
  sending: readonly Sending[];
  apply: (event: JobsEvent) => void;
  setConnection: (connection: ConnectionState) => void;
  startSending: (sending: Sending) => void;
  stopSending: (key: string) => void;
  /** Forgets everything, when someone else may be next at this screen. */
  reset: () => void;
}

const initial = { ...emptyJobs, connection: "catchingUp" as ConnectionState, sending: [] as readonly Sending[] };

export const useJobs = create<JobsStore>()((set) => ({
  ...initial,
  apply: (event) =>
    set((state) => {
      const next = reduceJobs(state, event);
      if (next === state) return state;
      return { jobs: next.jobs, gone: next.gone, sending: withoutArrived(state, event) };
    }),
  setConnection: (connection) => set({ connection }),
  startSending: (sending) => set((state) => ({ sending: [sending, ...state.sending] })),
  stopSending: (key) => set((state) => ({ sending: state.sending.filter((one) => one.key !== key) })),
  reset: () => set(initial),
}));

/** The websocket may tell of a new job before the request that made it is answered; it must not show twice. */
function withoutArrived(state: JobsStore, event: JobsEvent): readonly Sending[] {
  if (event.type !== "jobs" || state.sending.length === 0) return state.sending;
  const sending = [...state.sending];
  for (const job of event.jobs) {
    if (state.jobs.has(job.id)) continue;
    const index = sending.findLastIndex((one) => one.prompt === job.prompt && job.status === "pending");
    if (index >= 0) sending.splice(index, 1);
  }
  return sending;
}

export const useJob = (id: string): Job | undefined => useJobs((state) => state.jobs.get(id));
