// How long a job may still take, in words. Invariant: "about" always; a clock runs only while the job does.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useCountdownNow } from "@/lib/useNow";
import { remaining } from "./eta";

export function useEta(job: Job): string | null {
  const { t } = useTranslation();
  const { between } = useFormat();
  const now = useCountdownNow(job.status === "processing" && job.etaSeconds != null);
  const left = remaining(job, now);
  if (left === null) return null;
  return left === "soon" ? t("words.soon") : t("words.about", { time: between(left.from, left.to) });
}
