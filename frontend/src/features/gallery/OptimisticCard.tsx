// The card of a request that the server has not answered yet. Invariant: does not claim that it was accepted.
import { useTranslation } from "react-i18next";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { ProgressBar } from "@/components/ui/ProgressBar";
import type { OptimisticJob } from "@/lib/jobs/store";
import styles from "./JobCard.module.css";

export function OptimisticCard({ job }: { job: OptimisticJob }) {
  const { t } = useTranslation();
  const status = t("jobStatus.sending");
  return (
    <article className={styles.card} data-testid="optimistic-card">
      <JobPlaceholder id={job.key} intensity={0} className={styles.media}>
        <span className={styles.prompt} dir="auto">
          {job.prompt}
        </span>
        <ProgressBar progress={0} known={false} label={status} />
      </JobPlaceholder>
      <div className={styles.caption}>
        <p className={styles.status}>{status}</p>
      </div>
    </article>
  );
}
