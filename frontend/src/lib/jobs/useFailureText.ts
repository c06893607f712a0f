// Describes a failed job, with the number of attempts if there were several.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { attemptCount, failureKey } from "./failure";

export function useFailureText(): (job: Job) => string {
  const { t } = useTranslation();
  return (job) => {
    const text = t(failureKey(job.errorCode));
    const count = attemptCount(job);
    return count === null ? text : t("failure.withAttempts", { text, count });
  };
}
