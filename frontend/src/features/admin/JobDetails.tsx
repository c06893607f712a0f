// Shows any job with its attempts. Invariant: prompts, messages and addresses come from outside and are rendered as text.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ArrowLeft } from "lucide-react";
import { Link } from "wouter";
import { Email } from "@/components/ui/Email";
import { queries } from "@/lib/api/queries";
import type { AdminJobDetails } from "@/lib/api/types";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useFormat } from "@/lib/i18n/format";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { AttemptDetails } from "./AttemptDetails";
import { statusKeys } from "./statusKeys";
import adminStyles from "./Admin.module.css";
import styles from "./JobDetails.module.css";

export function JobDetails({ jobId }: { jobId: string }) {
  const { t } = useTranslation();
  const { data, error, isPending } = useQuery(queries.adminJob(jobId));
  const errorText = useErrorText(error);
  return (
    <section className={`${adminStyles.list} ${styles.job}`} aria-label={t("videoDetail.prompt")} data-testid="admin-job">
      <Link href="/admin/jobs" className={styles.back}>
        <ArrowLeft size={16} aria-hidden /> {t("admin.jobs")}
      </Link>
      {errorText !== null && <p role="alert">{t("app.sentences", { first: t("admin.job.loadFailed"), second: errorText })}</p>}
      {isPending && <p role="status">{t("app.loading")}</p>}
      {data && (
        <>
          <Facts job={data} />
          {data.attempts.length === 0 && <p>{t("admin.job.noAttempts")}</p>}
          {data.attempts.map((attempt) => (
            <AttemptDetails key={attempt.id} job={data} attempt={attempt} />
          ))}
        </>
      )}
    </section>
  );
}

function Facts({ job }: { job: AdminJobDetails }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const failureText = useFailureText();
  return (
    <>
      <h2 className={styles.prompt} dir="auto">
        {job.prompt}
      </h2>
      <dl className={styles.facts}>
        <dt>{t("admin.user")}</dt>
        <dd>
          <Email address={job.userEmail} />
        </dd>
        <dt>{t("videoDetail.status")}</dt>
        <dd data-testid="admin-job-status">
          {t(statusKeys[job.status])}
          {job.status === "failed" && <span className={adminStyles.detail}>{failureText(job)}</span>}
        </dd>
        <dt>{t("videoDetail.created")}</dt>
        <dd>
          <time dateTime={job.createdAt}>{dateTime(job.createdAt)}</time>
        </dd>
      </dl>
    </>
  );
}
