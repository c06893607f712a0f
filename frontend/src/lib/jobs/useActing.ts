// A job's actions as its views need them. Invariant: a cancellation shows from the press on, in the words of the job itself.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { isActive } from "@/lib/live/reducer";
import { useActions, type Action } from "./actions";

/** The job as it will be when the server agrees. */
export function useForeseen(job: Job): Job {
  const cancelling = useActions(({ pending }) => pending[job.id]?.action === "cancel");
  return cancelling && isActive(job) && !job.cancelling ? { ...job, cancelling } : job;
}

/** What is under way. */
export const usePending = (job: Job): Action | null => useActions(({ pending }) => pending[job.id]?.action ?? null);

const refusalKeys = {
  cancel: "help.notCancelled",
  retry: "help.notStarted",
  fetch: "help.notStarted",
  delete: "help.notDeleted",
} as const satisfies Record<Action, string>;

/** Why the last press came to nothing. */
export function useRefusal(job: Job): string | null {
  const { t } = useTranslation();
  const refusal = useActions(({ refusals }) => refusals[job.id]);
  const reason = useErrorText(refusal?.error ?? null);
  if (!refusal) return null;
  return refusal.unsure ? reason : `${t(refusalKeys[refusal.action])} ${reason ?? ""}`;
}
