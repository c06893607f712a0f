// The job's attempts as a timeline. Invariant: each states how it ended and whether it may have been charged.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { videos } from "@/lib/api/endpoints";
import type { Attempt, Job } from "@/lib/api/types";
import { useApiQuery } from "@/lib/api/useApiQuery";
import { useFormat } from "@/lib/i18n/format";
import { outcomeKey } from "@/lib/jobs/failure";
import styles from "./Attempts.module.css";

export function Attempts({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { id } = job;
  // Refetch when the job changes its state, not with each step of its progress.
  const refetchKey = `${job.status} ${job.phase ?? ""} ${job.retries}`;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- refetchKey decides when to fetch, not what
  const fetchAttempts = useCallback(() => videos.attempts(id), [id, refetchKey]);
  const { data } = useApiQuery(fetchAttempts);
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
