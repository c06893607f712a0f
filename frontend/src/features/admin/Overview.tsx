// Shows the platform's state, refreshed every few seconds. Invariant: a failed refresh is reported and keeps the last figures.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { queries } from "@/lib/api/queries";
import type { AdminStats } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useCoarseNow } from "@/lib/useNow";
import { Queue } from "./Queue";
import styles from "./Admin.module.css";

export function Overview() {
  const { data, error } = useQuery(queries.adminStats);
  return (
    <>
      <ErrorMessage error={error} />
      {data && <Figures stats={data} />}
      <Queue />
      {data && <Workers stats={data} />}
    </>
  );
}

function Figures({ stats }: { stats: AdminStats }) {
  const { t } = useTranslation();
  const { ago, number } = useFormat();
  const now = useCoarseNow();
  const figures: readonly [name: string, value: number, alarm?: boolean][] = [
    [t("admin.waiting"), stats.waiting],
    [t("admin.inFlight"), stats.inFlight],
    [t("admin.workers"), stats.workers.length, stats.workers.length === 0],
    [t("admin.poisoned"), stats.poisoned, stats.poisoned > 0],
    [t("admin.completed"), stats.completed],
    [t("admin.failed"), stats.failed],
    [t("admin.cancelled"), stats.cancelled],
    [t("admin.submissions"), stats.submissionsToday],
  ];
  return (
    <dl className={styles.figures} data-testid="admin-stats">
      {figures.map(([name, value, alarm = false]) => (
        <div key={name} className={styles.figure} data-alarm={alarm}>
          <dt>{name}</dt>
          <dd>{number(value)}</dd>
        </div>
      ))}
      <div className={styles.figure}>
        <dt>{t("admin.oldestWaiting")}</dt>
        <dd>{stats.oldestWaiting === null ? t("admin.noneWaiting") : ago(stats.oldestWaiting, now)}</dd>
      </div>
    </dl>
  );
}

function Workers({ stats }: { stats: AdminStats }) {
  const { t } = useTranslation();
  const { dateTime, number, time } = useFormat();
  return (
    <Section title={t("admin.workers")} detail={t("admin.workersDetail")}>
      <Table
        label={t("admin.workers")}
        rows={stats.workers}
        rowKey={(worker) => worker.id}
        empty={t("admin.noWorkers")}
        columns={[
          { key: "id", name: t("admin.worker"), wide: true, cell: (worker) => worker.host },
          { key: "inFlight", name: t("admin.inFlight"), numeric: true, cell: (worker) => number(worker.inFlight) },
          { key: "since", name: t("admin.since"), numeric: true, cell: (worker) => dateTime(worker.startedAt) },
          { key: "lease", name: t("admin.lease"), numeric: true, cell: (worker) => time(worker.leaseUntil) },
        ]}
      />
    </Section>
  );
}
