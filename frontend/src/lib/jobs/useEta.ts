// Returns the estimated remaining time as text. Ticks only while the job is processing.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useCountdownNow } from "@/lib/useNow";
import { remainingTime } from "./eta";

export function useEta(job: Job): string | null {
  const { t } = useTranslation();
  const { range } = useFormat();
  const now = useCountdownNow(job.status === "processing" && job.etaSeconds != null);
  const estimate = remainingTime(job, now);
  if (estimate === null) return null;
  return estimate === "soon" ? t("jobStatus.soon") : t("jobStatus.about", { time: range(estimate.from, estimate.to) });
}
