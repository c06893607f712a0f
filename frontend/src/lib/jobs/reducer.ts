// Merges job states from the websocket, polling and responses. Invariant: the state with the higher seq wins, in whatever order they
// arrive,
// and a deleted job never returns.
import type { Job } from "@/lib/api/types";

export interface JobsState {
  readonly jobs: ReadonlyMap<string, Job>;
  /** Tombstones: the last known seq of each deleted job. */
  readonly gone: Readonly<Record<string, number>>;
}

export type JobsEvent =
  | { type: "jobs"; jobs: readonly Job[] }
  | { type: "position"; id: string; queuePosition: number | null }
  | { type: "gone"; id: string; seq: number };

export const emptyJobs: JobsState = { jobs: new Map(), gone: {} };

/** Returns the same object when nothing changed. */
export function reduceJobs(state: JobsState, event: JobsEvent): JobsState {
  switch (event.type) {
    case "jobs":
      return mergeJobs(state, event.jobs);
    case "position":
      return setPosition(state, event.id, event.queuePosition);
    case "gone":
      return removeJob(state, event.id, event.seq);
  }
}

function mergeJobs(state: JobsState, incoming: readonly Job[]): JobsState {
  const updates = new Map<string, Job>();
  for (const job of incoming) {
    if (job.id in state.gone) continue;
    const known = updates.get(job.id) ?? state.jobs.get(job.id);
    const next = newer(known, job);
    if (next !== known) updates.set(job.id, next);
  }
  if (updates.size === 0) return state;
  const jobs = new Map(state.jobs);
  for (const [id, job] of updates) jobs.set(id, job);
  return { ...state, jobs };
}

function newer(known: Job | undefined, incoming: Job): Job {
  if (!known || incoming.seq > known.seq) return incoming;
  // Queue positions change without a new seq.
  if (incoming.seq === known.seq && incoming.queuePosition !== known.queuePosition) {
    return { ...known, queuePosition: incoming.queuePosition };
  }
  return known;
}

function setPosition(state: JobsState, id: string, queuePosition: number | null): JobsState {
  const job = state.jobs.get(id);
  if (job?.status !== "pending" || job.queuePosition === queuePosition) return state;
  return { ...state, jobs: new Map(state.jobs).set(id, { ...job, queuePosition }) };
}

function removeJob(state: JobsState, id: string, seq: number): JobsState {
  if (id in state.gone) return state;
  const jobs = new Map(state.jobs);
  jobs.delete(id);
  return { jobs, gone: { ...state.gone, [id]: Math.max(seq, state.jobs.get(id)?.seq ?? 0) } };
}

export const isActive = (job: Job): boolean => job.status === "pending" || job.status === "processing";

/** A hello message is limited to 16 KiB; each job takes about 45 bytes. */
const maxKnownJobs = 300;

/** Returns what to send on reconnecting: the seq of active jobs first, then of the newest, as many as fit. */
export function knownJobs(state: JobsState): Record<string, number> {
  const newestFirst = [...state.jobs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  const sent = [...newestFirst.filter(isActive), ...newestFirst.filter((job) => !isActive(job))].slice(0, maxKnownJobs);
  return Object.fromEntries(sent.map((job) => [job.id, job.seq]));
}
