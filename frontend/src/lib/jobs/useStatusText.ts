// Returns a job's status as text. Ticks only while the job waits for a retry.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useCountdownNow } from "@/lib/useNow";
import { statusText } from "./statusText";

export function useStatusText(job: Job): string {
  const { t } = useTranslation();
  const now = useCountdownNow(job.status === "pending" && job.phase === "retrying");
  const phrase = statusText(job, now);
  switch (phrase.key) {
    case "jobStatus.waitingPosition":
      return t(phrase.key, phrase.values);
    case "jobStatus.retryingIn":
      return t(phrase.key, phrase.values);
    case "jobStatus.retryingNth":
      return t(phrase.key, phrase.values);
    case "jobStatus.generating":
      return t(phrase.key, phrase.values);
    default:
      return t(phrase.key);
  }
}
