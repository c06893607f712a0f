// Shows recent submissions and possible charges. Invariant: counted from the jobs themselves, never estimated.
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { serverNow } from "@/lib/serverClock";
import { truncate } from "@/lib/text";
import { fetchJobsSince, summarizeUsage, usageDays } from "./usageSummary";
import styles from "./Account.module.css";

const pageSize = 100;
const maxPromptLength = 60;
const dayMs = 86_400_000;

const usageQuery = queryOptions({
  queryKey: ["usage"],
  queryFn: () =>
    fetchJobsSince(serverNow() - usageDays * dayMs, (cursor) => videos.jobs({ limit: pageSize, ...(cursor !== undefined && { cursor }) })),
  // Several requests: not repeated with each change of windows.
  refetchOnWindowFocus: false,
});

export function Usage() {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { data, error, refetch } = useQuery(usageQuery);
  const summary = data && summarizeUsage(data);
  return (
    <Section title={t("usage.title")} detail={t("usage.detail", { count: usageDays })} testId="usage">
      {error && (
        <>
          <ErrorMessage error={error} />
          <Button onClick={() => void refetch()}>{t("app.tryAgain")}</Button>
        </>
      )}
      {!summary && !error && <p className={styles.note}>{t("app.loading")}</p>}
      {summary && (
        <>
          <dl className={styles.figures}>
            <Figure name={t("usage.submitted")} value={number(summary.submitted)} />
            <Figure name={t("usage.completed")} value={number(summary.completed)} />
            <Figure name={t("usage.chargedFailures")} value={number(summary.chargedFailures.length)} />
            <Figure name={t("usage.chargedAgain")} value={number(summary.chargedAgain)} />
          </dl>
          {summary.chargedFailures.length > 0 && <ChargedFailures jobs={summary.chargedFailures} />}
        </>
      )}
    </Section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className={styles.figure}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function ChargedFailures({ jobs }: { jobs: readonly Job[] }) {
  const { t } = useTranslation();
  const { date } = useFormat();
  const failureText = useFailureText();
  return (
    <Table
      label={t("usage.chargedFailures")}
      rows={jobs}
      rowKey={(job) => job.id}
      empty=""
      columns={[
        { key: "when", name: t("usage.date"), cell: (job) => <time dateTime={job.createdAt}>{date(job.createdAt)}</time> },
        {
          key: "prompt",
          name: t("videoDetail.prompt"),
          wide: true,
          cell: (job) => (
            <Link href={`/videos/${job.id}`} className={styles.link} dir="auto">
              {truncate(job.prompt, maxPromptLength)}
            </Link>
          ),
        },
        {
          key: "why",
          name: t("videoDetail.status"),
          cell: (job) => (job.status === "cancelled" ? t("jobStatus.cancelled") : failureText(job)),
        },
      ]}
    />
  );
}
