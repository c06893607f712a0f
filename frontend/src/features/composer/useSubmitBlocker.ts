// Returns why the prompt cannot be submitted now. Reports one reason at a time, the most actionable first.
import { useTranslation } from "react-i18next";
import { useRetryCountdown } from "@/lib/i18n/useErrorText";
import { useModelTitle } from "@/lib/models";
import { useOnline } from "@/lib/useOnline";
import { useReferenceImage } from "./referenceImage";
import { useComposer } from "./store";
import { useSettings } from "./useSettings";
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
  const imageId = useComposer((state) => state.imageId);
  const model = useSettings()?.settings.model;
  const titleOf = useModelTitle();
  const online = useOnline();
  const problem = validatePrompt(text);
  const isEmpty = problem?.key === "composer.blocked.empty";
  if (!online) return { reason: t("composer.blocked.offline"), onlyAfterAttempt: isEmpty };
  if (problem) return { reason: "count" in problem ? t(problem.key, { count: problem.count }) : t(problem.key), onlyAfterAttempt: isEmpty };
  if (wait > 0) return { reason: t("composer.blocked.wait", { count: wait }), onlyAfterAttempt: true };
  if (uploading) return { reason: t("composer.blocked.uploading"), onlyAfterAttempt: true };
  if (model?.referenceImage !== "required" || imageId !== null) return null;
  return { reason: t("composer.blocked.imageRequired", { model: titleOf(model.id) }), onlyAfterAttempt: true };
}
