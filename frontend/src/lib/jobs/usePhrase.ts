// A job's words in the reader's language, counting down where they count. Invariant: a clock runs only for a job that waits to retry.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useCountdownNow } from "@/lib/useNow";
import { jobWords } from "./words";

export function useJobPhrase(job: Job): string {
  const { t } = useTranslation();
  const now = useCountdownNow(job.status === "pending" && job.phase === "retrying");
  const phrase = jobWords(job, now);
  switch (phrase.key) {
    case "words.waitingInLine":
      return t(phrase.key, phrase.values);
    case "words.retryingIn":
      return t(phrase.key, phrase.values);
    case "words.retryingNth":
      return t(phrase.key, phrase.values);
    case "words.generating":
      return t(phrase.key, phrase.values);
    default:
      return t(phrase.key);
  }
}
