// What was submitted lately and what may have been charged. Invariant: counted from the jobs themselves, never estimated.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Button } from "@/components/ui/Button";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { serverNow } from "@/lib/clock";
import { useFormat } from "@/lib/i18n/format";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { shorten } from "@/lib/text";
import { useAsked } from "@/lib/useAsked";
import { collect, days, spentIn } from "./spent";
import styles from "./Account.module.css";

const pageSize = 100;
const shownLength = 60;
const dayMs = 86_400_000;

export function Spending() {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { value, error, again } = useAsked(
    useCallback(() => collect(serverNow() - days * dayMs, (cursor) => videos.jobs(pageSize, cursor)), []),
  );
  const spent = value && spentIn(value);
  return (
    <Section title={t("spending.title")} detail={t("spending.detail", { count: days })} testId="spending">
      {error && (
        <>
          <Reason error={error} />
          <Button onClick={again}>{t("app.tryAgain")}</Button>
        </>
      )}
      {!spent && !error && <p className={styles.note}>{t("wall.loading")}</p>}
      {spent && (
        <>
          <dl className={styles.figures}>
            <Figure name={t("spending.asked")} value={number(spent.asked)} />
            <Figure name={t("spending.ready")} value={number(spent.ready)} />
            <Figure name={t("spending.lost")} value={number(spent.lost.length)} />
            <Figure name={t("spending.twice")} value={number(spent.twice)} />
          </dl>
          {spent.lost.length > 0 && <Lost jobs={spent.lost} />}
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

function Lost({ jobs }: { jobs: readonly Job[] }) {
  const { t } = useTranslation();
  const { date } = useFormat();
  const failureText = useFailureText();
  return (
    <Table
      label={t("spending.lost")}
      rows={jobs}
      keyOf={(job) => job.id}
      empty=""
      columns={[
        { key: "when", name: t("spending.when"), cell: (job) => <time dateTime={job.createdAt}>{date(job.createdAt)}</time> },
        {
          key: "prompt",
          name: t("screen.prompt"),
          wide: true,
          cell: (job) => (
            <Link href={`/videos/${job.id}`} className={styles.link} dir="auto">
              {shorten(job.prompt, shownLength)}
            </Link>
          ),
        },
        {
          key: "why",
          name: t("screen.status"),
          cell: (job) => (job.status === "cancelled" ? t("words.cancelled") : failureText(job)),
        },
      ]}
    />
  );
}
