// Returns why the prompt cannot be submitted now. Reports one reason at a time, the most actionable first.
import { useTranslation } from "react-i18next";
import { useRetryCountdown } from "@/lib/i18n/useErrorText";
import { useOnline } from "@/lib/useOnline";
import { useReferenceImage } from "./referenceImage";
import { useComposer } from "./store";
import { validatePrompt } from "./validatePrompt";

export interface SubmitBlocker {
  reason: string;
  /** Shown only after an attempt to submit: an empty box is not an error. */
  onlyAfterAttempt: boolean;
}

export function useSubmitBlocker(): SubmitBlocker | null {
  const { t } = useTranslation();
  const text = useComposer((state) => state.text);
  const wait = useRetryCountdown(useComposer((state) => state.notice?.error ?? null));
  const uploading = useReferenceImage((state) => state.uploading);
  const online = useOnline();
  const problem = validatePrompt(text);
  const isEmpty = problem?.key === "composer.blocked.empty";
  if (!online) return { reason: t("composer.blocked.offline"), onlyAfterAttempt: isEmpty };
  if (problem) return { reason: "count" in problem ? t(problem.key, { count: problem.count }) : t(problem.key), onlyAfterAttempt: isEmpty };
  if (wait > 0) return { reason: t("composer.blocked.wait", { count: wait }), onlyAfterAttempt: true };
  return uploading ? { reason: t("composer.blocked.uploading"), onlyAfterAttempt: true } : null;
}
