// A job's actions as its views need them. Invariant: a cancellation shows from the press on, in the words of the job itself.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { isActive } from "./reducer";
import { useActions, type JobAction } from "./actions";

/** The job as it will be when the server agrees. */
export function useOptimisticCancel(job: Job): Job {
  const cancelling = useActions(({ pending }) => pending[job.id]?.action === "cancel");
  return cancelling && isActive(job) && !job.cancelling ? { ...job, cancelling } : job;
}

/** What is under way. */
export const usePendingAction = (job: Job): JobAction | null => useActions(({ pending }) => pending[job.id]?.action ?? null);

const actionErrorKeys = {
  cancel: "jobActions.notCancelled",
  retry: "jobActions.notStarted",
  fetch: "jobActions.notStarted",
  delete: "jobActions.notDeleted",
} as const satisfies Record<JobAction, string>;

/** Why the last press came to nothing. */
export function useActionErrorText(job: Job): string | null {
  const { t } = useTranslation();
  const actionError = useActions(({ errors }) => errors[job.id]);
  const errorText = useErrorText(actionError?.error ?? null);
  if (!actionError) return null;
  return actionError.unconfirmed ? errorText : `${t(actionErrorKeys[actionError.action])} ${errorText ?? ""}`;
}
