// The user's actions on a job: cancel, retry, download again, delete. Invariant: one click sends one request, and optimistic state yields
// to any state with a higher seq.
import { create } from "zustand";
import { asApiError, type ApiError } from "@/lib/api/client";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { recoveryFor } from "./failure";
import { isActive } from "./reducer";
import { useJobs } from "./store";

export type JobAction = "cancel" | "retry" | "fetch" | "delete";

/** An action without a response yet. */
interface PendingAction {
  action: JobAction;
  /** The job's seq when the action started. */
  seq: number;
}

/** An action that failed. */
export interface ActionError {
  action: JobAction;
  /** No response arrived, so that it may have succeeded. */
  unconfirmed: boolean;
  error: Pick<ApiError, "code" | "retryAt">;
}

interface ActionsStore {
  pending: Readonly<Record<string, PendingAction>>;
  errors: Readonly<Record<string, ActionError>>;
}

const initial: ActionsStore = { pending: {}, errors: {} };

export const useActions = create<ActionsStore>()(() => initial);

/** Clears everything, before another user may sign in. */
export const resetActions = (): void => useActions.setState(initial, true);

export const allows = (job: Job, action: JobAction): boolean => {
  if (action === "cancel") return isActive(job) && !job.cancelling;
  if (action === "delete") return !isActive(job);
  return action === "retry" ? job.status === "failed" || job.status === "cancelled" : recoveryFor(job) === "fetch";
};

export async function runAction(action: JobAction, job: Job): Promise<void> {
  const { id } = job;
  if (id in useActions.getState().pending || !allows(job, action)) return;
  const current: PendingAction = { action, seq: job.seq };
  useActions.setState((state) => ({ pending: { ...state.pending, [id]: current }, errors: without(state.errors, id) }));
  // A newer state has settled the action, or another user has signed in.
  const isStale = () => useActions.getState().pending[id] !== current;
  try {
    const result = await requests[action](id);
    if (!isStale()) applyResult(id, result);
  } catch (cause) {
    const actionError = await recover(id, current, asApiError(cause), isStale);
    if (actionError && !isStale()) useActions.setState((state) => ({ errors: { ...state.errors, [id]: actionError } }));
  }
  if (!isStale()) useActions.setState((state) => ({ pending: without(state.pending, id) }));
}

const requests: Record<JobAction, (id: string) => Promise<Job | undefined>> = {
  cancel: (id) => videos.cancel(id),
  retry: (id) => videos.retry(id),
  fetch: (id) => videos.fetch(id),
  delete: (id) => videos.remove(id),
};

/** Without a job in the response, it was deleted. */
function applyResult(id: string, job: Job | undefined): void {
  useJobs.getState().apply(job ? { type: "jobs", jobs: [job] } : { type: "gone", id, seq: 0 });
}

/** Returns the error to show, or null when a newer state explains the outcome. */
async function recover(id: string, { action, seq }: PendingAction, error: ApiError, isStale: () => boolean): Promise<ActionError | null> {
  if (isStale()) return null;
  if (error.status === 404) {
    applyResult(id, undefined);
    return null;
  }
  const actionError: ActionError = { action, error, unconfirmed: error.status === 0 || (error.status >= 500 && error.status !== 503) };
  if (error.status !== 409) return actionError;
  try {
    const latest = await videos.job(id);
    if (isStale()) return null;
    applyResult(id, latest);
    // A newer state shows what happened; otherwise show the error.
    return latest.seq > seq ? null : actionError;
  } catch (cause) {
    const retryError = asApiError(cause);
    if (retryError.status !== 404) return actionError;
    if (!isStale()) applyResult(id, undefined);
    return null;
  }
}

const without = <Value>(record: Readonly<Record<string, Value>>, id: string): Readonly<Record<string, Value>> =>
  filterRecord(record, (key) => key !== id);

/** Whether a job's state shows that the action succeeded or came too late. */
function isSettledBy(job: Job | undefined, { action, seq }: PendingAction): boolean {
  if (!job) return true;
  return job.seq > seq && !allows(job, action);
}

/** Removes actions and errors that newer job states have settled. Returns a function that stops it. */
export const syncActions = (): (() => void) =>
  useJobs.subscribe(({ jobs }, previous) => {
    if (jobs === previous.jobs) return;
    update(
      (id, pending) => !isSettledBy(jobs.get(id), pending),
      (id, { action }) => {
        const job = jobs.get(id);
        return job !== undefined && allows(job, action);
      },
    );
  });

/** Removes errors with an unknown outcome, once the page is up to date again and shows it. */
export const clearUnconfirmedErrors = (): void =>
  update(
    () => true,
    (_, { unconfirmed }) => !unconfirmed,
  );

/** Keeps the entries that match; does not notify subscribers when all do. */
function update(keepPending: (id: string, one: PendingAction) => boolean, keepError: (id: string, one: ActionError) => boolean): void {
  const state = useActions.getState();
  const pending = filterRecord(state.pending, keepPending);
  const errors = filterRecord(state.errors, keepError);
  if (pending !== state.pending || errors !== state.errors) useActions.setState({ pending, errors });
}

function filterRecord<Value>(
  record: Readonly<Record<string, Value>>,
  keep: (id: string, value: Value) => boolean,
): Readonly<Record<string, Value>> {
  const entries = Object.entries(record);
  const kept = entries.filter(([id, value]) => keep(id, value));
  return kept.length === entries.length ? record : Object.fromEntries(kept);
}
