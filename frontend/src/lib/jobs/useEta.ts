// How long a job may still take, in words. Invariant: says nothing while nothing is known, and "about" always.
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";

export function useEta(job: Job): string | null {
  const { t } = useTranslation();
  const { between } = useFormat();
  const eta = job.etaSeconds;
  if (!eta || job.cancelling || job.phase === "retrying") return null;
  // Once it runs the usual time says more than the whole range.
  return t("words.about", { time: between(eta.p50, job.status === "processing" ? eta.p50 : eta.p90) });
}
