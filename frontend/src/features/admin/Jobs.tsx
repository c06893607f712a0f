// The jobs of everybody, and what was set aside. Invariant: prompts are data here too; trying again says what it may cost.
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Email } from "@/components/ui/Email";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import type { AdminJob, JobStatus } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { shorten } from "@/lib/text";
import { useAct } from "@/lib/useAct";
import { More, SearchField } from "./Tools";
import { useDelayed } from "@/lib/useDelayed";
import { usePages } from "./usePages";
import styles from "./Admin.module.css";

const shownLength = 80;
const statusKeys = {
  pending: "admin.status.pending",
  processing: "admin.status.processing",
  completed: "words.completed",
  failed: "words.failed",
  cancelled: "words.cancelled",
} as const satisfies Record<JobStatus, string>;

export function Jobs() {
  const { t } = useTranslation();
  const [status, setStatus] = useState("");
  const [text, setText] = useState("");
  const q = useDelayed(text.trim());
  const pages = usePages(useCallback((cursor?: string) => admin.jobs(toFilter(status, q, cursor)), [status, q]));
  const { error, run } = useAct();
  const retry = (job: AdminJob) =>
    void run(async () => {
      const fresh = await admin.retryJob(job.id);
      pages.replace((one) => one.id === job.id, fresh);
    });
  return (
    <section className={styles.list} aria-label={t("admin.jobs")}>
      <div className={styles.tools}>
        <SearchField label={t("search.label")} value={text} onChange={setText} />
        <label>
          <span className="visually-hidden">{t("screen.status")}</span>
          <select className={styles.select} value={status} onChange={(event) => setStatus(event.target.value)} data-testid="admin-status">
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
      <Reason error={pages.error ?? error} />
      {pages.rows && <JobTable jobs={pages.rows} onRetry={retry} />}
      <More pages={pages} />
    </section>
  );
}

/** What was set aside is a way of having failed. */
function toFilter(status: string, q: string, cursor: string | undefined): Parameters<typeof admin.jobs>[0] {
  return { ...(status === "poison" ? { status: "failed", errorCode: status } : { status }), q, ...(cursor && { cursor }) };
}

function JobTable({ jobs, onRetry }: { jobs: readonly AdminJob[]; onRetry: (job: AdminJob) => void }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const failureText = useFailureText();
  return (
    <Table
      label={t("admin.jobs")}
      rows={jobs}
      keyOf={(job) => job.id}
      empty={t("filter.none")}
      testId="admin-job-table"
      columns={[
        { key: "prompt", name: t("screen.prompt"), wide: true, cell: (job) => <span dir="auto">{shorten(job.prompt, shownLength)}</span> },
        { key: "user", name: t("admin.user"), cell: (job) => <Email address={job.userEmail} /> },
        {
          key: "status",
          name: t("screen.status"),
          cell: (job) => (
            <span>
              {t(statusKeys[job.status])}
              {job.status === "failed" && <span className={styles.detail}>{failureText(job)}</span>}
            </span>
          ),
        },
        { key: "made", name: t("screen.created"), cell: (job) => <time dateTime={job.createdAt}>{dateTime(job.createdAt)}</time> },
        {
          key: "retry",
          name: t("app.actions"),
          actions: true,
          numeric: true,
          cell: (job) =>
            job.status === "failed" && (
              <ConfirmButton label={t("app.tryAgain")} about={shorten(job.prompt, shownLength)} onConfirm={() => onRetry(job)} />
            ),
        },
      ]}
    />
  );
}
