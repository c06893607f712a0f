// Lists the jobs of all users; failed ones can be retried. Invariant: prompts are rendered as text.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Email } from "@/components/ui/Email";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import type { AdminJob, AdminJobQuery, JobStatus } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { truncate } from "@/lib/text";
import { useDebounced } from "@/lib/useDebounced";
import { LoadMore, SearchField } from "./ListControls";
import { statusKeys } from "./statusKeys";
import { usePagedList } from "./usePagedList";
import styles from "./Admin.module.css";

const maxPromptLength = 80;

/** The status shown; empty for all. */
type StatusChoice = JobStatus | "poison" | "";

export function Jobs() {
  const { t } = useTranslation();
  const [status, setStatus] = useState<StatusChoice>("");
  const [text, setText] = useState("");
  const q = useDebounced(text.trim());
  const list = usePagedList("jobs", toQuery(status, q), admin.jobs);
  const { error, mutate: retry } = useApiMutation({ mutationFn: admin.retryJob, onSuccess: list.replace });
  return (
    <section className={styles.list} aria-label={t("admin.jobs")}>
      <div className={styles.tools}>
        <SearchField label={t("search.label")} value={text} onChange={setText} />
        <label>
          <span className="visually-hidden">{t("videoDetail.status")}</span>
          <select className={styles.select} value={status} onChange={(event) => setStatus(event.target.value as StatusChoice)} data-testid="admin-status">
            <option value="">{t("filter.all")}</option>
            {Object.entries(statusKeys).map(([one, key]) => (
              <option key={one} value={one}>
                {t(key)}
              </option>
            ))}
            <option value="poison">{t("admin.poisoned")}</option>
          </select>
        </label>
      </div>
      <ErrorMessage error={list.error ?? error} />
      {list.rows && <JobTable jobs={list.rows} onRetry={(job) => retry(job.id)} />}
      <LoadMore list={list} />
    </section>
  );
}

/** "Failed repeatedly" is the status `failed` with the error code `poison`. */
function toQuery(status: StatusChoice, q: string): AdminJobQuery {
  return {
    ...(status === "poison" ? { status: ["failed"], errorCode: status } : status !== "" && { status: [status] }),
    ...(q !== "" && { q }),
  };
}

function JobTable({ jobs, onRetry }: { jobs: readonly AdminJob[]; onRetry: (job: AdminJob) => void }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const failureText = useFailureText();
  return (
    <Table
      label={t("admin.jobs")}
      rows={jobs}
      rowKey={(job) => job.id}
      empty={t("filter.noResults")}
      testId="admin-job-table"
      columns={[
        { key: "prompt", name: t("videoDetail.prompt"), wide: true, cell: (job) => <PromptLink job={job} /> },
        { key: "user", name: t("admin.user"), cell: (job) => <Email address={job.userEmail} /> },
        {
          key: "status",
          name: t("videoDetail.status"),
          cell: (job) => (
            <span>
              {t(statusKeys[job.status])}
              {job.status === "failed" && <span className={styles.detail}>{failureText(job)}</span>}
            </span>
          ),
        },
        { key: "made", name: t("videoDetail.created"), cell: (job) => <time dateTime={job.createdAt}>{dateTime(job.createdAt)}</time> },
        {
          key: "retry",
          name: t("app.actions"),
          actions: true,
          numeric: true,
          cell: (job) =>
            job.status === "failed" && (
              <ConfirmButton
                label={t("app.tryAgain")}
                question={t("admin.retryConfirm")}
                subject={truncate(job.prompt, maxPromptLength)}
                onConfirm={() => onRetry(job)}
              />
            ),
        },
      ]}
    />
  );
}

function PromptLink({ job }: { job: AdminJob }) {
  return (
    <Link href={`/admin/jobs/${job.id}`} className={styles.link} dir="auto" data-testid="admin-job-link">
      {truncate(job.prompt, maxPromptLength)}
    </Link>
  );
}
