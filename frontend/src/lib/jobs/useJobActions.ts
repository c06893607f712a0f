// A job's pending action and last error, as its views need them.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useActions, type JobAction } from "./actions";
import { isActive } from "./reducer";

/** Returns the job as it will be when the server accepts a pending cancellation. */
export function useOptimisticCancel(job: Job): Job {
  const cancelling = useActions(({ pending }) => pending[job.id]?.action === "cancel");
  return cancelling && isActive(job) && !job.cancelling ? { ...job, cancelling } : job;
}

/** Returns the action that has no response yet. */
export const usePendingAction = (job: Job): JobAction | null => useActions(({ pending }) => pending[job.id]?.action ?? null);

const actionErrorKeys = {
  cancel: "jobActions.notCancelled",
  retry: "jobActions.notStarted",
  fetch: "jobActions.notStarted",
  delete: "jobActions.notDeleted",
} as const satisfies Record<JobAction, string>;

/** Returns why the last action failed. */
export function useActionErrorText(job: Job): string | null {
  const { t } = useTranslation();
  const actionError = useActions(({ errors }) => errors[job.id]);
  const errorText = useErrorText(actionError?.error ?? null);
  if (!actionError) return null;
  if (actionError.unconfirmed) return errorText;
  return t("app.sentences", { first: t(actionErrorKeys[actionError.action]), second: errorText ?? "" });
}
