// The job's attempts as a timeline. Invariant: each states how it ended and whether it may have been charged.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { queries } from "@/lib/api/queries";
import type { Attempt, Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { outcomeKey } from "@/lib/jobs/failure";
import styles from "./Attempts.module.css";

export function Attempts({ job }: { job: Job }) {
  const { t } = useTranslation();
  // Refetch when the job changes its state, not with each step of its progress.
  const version = `${job.status} ${job.phase ?? ""} ${job.retries}`;
  const { data } = useQuery(queries.attempts(job.id, version));
  if (!data || data.data.length === 0) return null;
  return (
    <section data-testid="attempts">
      <h2 className={styles.heading}>{t("videoDetail.attempts")}</h2>
      <ol className={styles.list}>
        {data.data.map((attempt) => (
          <Entry key={attempt.number} attempt={attempt} />
        ))}
      </ol>
    </section>
  );
}

function Entry({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation();
  const { number, time } = useFormat();
  const { outcome, sentAt, mayHaveBeenCharged } = attempt;
  return (
    <li className={styles.entry} data-outcome={outcome ?? "running"}>
      <p>
        {t("videoDetail.attempt", { number: number(attempt.number) })}: {t(outcomeKey(outcome))}
      </p>
      <p className={styles.detail}>
        <time dateTime={sentAt}>{time(sentAt)}</time>
        {/* A completed attempt was charged as expected, and a running one may still complete. */}
        {mayHaveBeenCharged && outcome !== null && outcome !== "completed" && <span className={styles.charged}>{t("failure.charged")}</span>}
      </p>
    </li>
  );
}
