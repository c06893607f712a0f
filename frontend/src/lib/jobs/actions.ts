// What someone does with a job: cancel, try again, fetch again, delete. Invariant: one press is one request; what the page shows
// ahead of the answer gives way to any state with a higher seq.
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { isActive } from "@/lib/live/reducer";
import { useJobs } from "./store";
import { helpFor } from "./failure";

export type Action = "cancel" | "retry" | "fetch" | "delete";

/** A press that is not answered yet. */
interface Pending {
  action: Action;
  /** The job's when it was pressed. */
  seq: number;
}

/** A press that came to nothing. */
export interface Refusal {
  action: Action;
  /** No answer came, so that it may have been done. */
  unsure: boolean;
  error: Pick<ApiError, "code" | "retryAt">;
}

interface ActionsStore {
  pending: Readonly<Record<string, Pending>>;
  refusals: Readonly<Record<string, Refusal>>;
}

const initial: ActionsStore = { pending: {}, refusals: {} };

export const useActions = create<ActionsStore>()(() => initial);

/** Forgets everything, when someone else may be next at this screen. */
export const resetActions = (): void => useActions.setState(initial, true);

export const allows = (job: Job, action: Action): boolean => {
  if (action === "cancel") return isActive(job) && !job.cancelling;
  if (action === "delete") return !isActive(job);
  return action === "retry" ? job.status === "failed" || job.status === "cancelled" : helpFor(job) === "fetch";
};

export async function act(action: Action, job: Job): Promise<void> {
  const { id } = job;
  if (id in useActions.getState().pending || !allows(job, action)) return;
  const mine: Pending = { action, seq: job.seq };
  useActions.setState((state) => ({ pending: { ...state.pending, [id]: mine }, refusals: without(state.refusals, id) }));
  // Something newer has settled it meanwhile, or someone else has signed in: then the answer is late.
  const isLate = () => useActions.getState().pending[id] !== mine;
  try {
    const answer = await requests[action](id);
    if (!isLate()) take(id, answer);
  } catch (cause) {
    const refusal = await recover(id, mine, asApiError(cause), isLate);
    if (refusal && !isLate()) useActions.setState((state) => ({ refusals: { ...state.refusals, [id]: refusal } }));
  }
  if (!isLate()) useActions.setState((state) => ({ pending: without(state.pending, id) }));
}

const requests: Record<Action, (id: string) => Promise<Job | undefined>> = {
  cancel: (id) => videos.cancel(id),
  retry: (id) => videos.retry(id),
  fetch: (id) => videos.fetch(id),
  delete: (id) => videos.remove(id),
};

/** Without an answer's job there is none any more. */
function take(id: string, job: Job | undefined): void {
  useJobs.getState().apply(job ? { type: "jobs", jobs: [job] } : { type: "gone", id, seq: 0 });
}

/** Answers with what to tell, unless there is a newer state to be seen instead. */
async function recover(id: string, { action, seq }: Pending, error: ApiError, isLate: () => boolean): Promise<Refusal | null> {
  if (isLate()) return null;
  if (error.status === 404) {
    take(id, undefined);
    return null;
  }
  const refusal: Refusal = { action, error, unsure: error.status === 0 || (error.status >= 500 && error.status !== 503) };
  if (error.status !== 409) return refusal;
  try {
    const fresh = await videos.job(id);
    if (isLate()) return null;
    take(id, fresh);
    // What has changed is seen; only where nothing has, it must be said.
    return fresh.seq > seq ? null : refusal;
  } catch (cause) {
    const again = asApiError(cause);
    if (again.status !== 404) return refusal;
    if (!isLate()) take(id, undefined);
    return null;
  }
}

function without<Value>(record: Readonly<Record<string, Value>>, id: string): Readonly<Record<string, Value>> {
  if (!(id in record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== id));
}

/** Whether a state shows what was asked for, or that it came too late. */
function settles(job: Job | undefined, { action, seq }: Pending): boolean {
  if (!job) return true;
  return job.seq > seq && !allows(job, action);
}

useJobs.subscribe(({ jobs, connection }, before) => {
  const back = connection === "live" && before.connection !== "live";
  if (jobs === before.jobs && !back) return;
  let { pending, refusals } = useActions.getState();
  for (const [id, one] of Object.entries(pending)) if (settles(jobs.get(id), one)) pending = without(pending, id);
  for (const [id, { action, unsure }] of Object.entries(refusals)) {
    const job = jobs.get(id);
    // Whoever is back sees what was done and what was not.
    if (!job || !allows(job, action) || (back && unsure)) refusals = without(refusals, id);
  }
  const state = useActions.getState();
  if (pending !== state.pending || refusals !== state.refusals) useActions.setState({ pending, refusals });
});
