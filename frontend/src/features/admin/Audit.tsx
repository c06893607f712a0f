// The audit log, newest first, with the server's names for actions and targets.
import { useTranslation } from "react-i18next";
import { Email } from "@/components/ui/Email";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import { useFormat } from "@/lib/i18n/format";
import { LoadMore } from "./ListControls";
import { usePagedList } from "./usePagedList";
import styles from "./Admin.module.css";

export function AuditLog() {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const list = usePagedList("audit", {}, admin.audit);
  return (
    <section className={styles.list} aria-label={t("admin.audit")}>
      <ErrorMessage error={list.error} />
      {list.rows && (
        <Table
          label={t("admin.audit")}
          rows={list.rows}
          rowKey={(entry) => entry.id}
          empty={t("admin.noAudit")}
          columns={[
            { key: "at", name: t("admin.time"), cell: (entry) => <time dateTime={entry.at}>{dateTime(entry.at)}</time> },
            { key: "actor", name: t("admin.actor"), cell: (entry) => <Email address={entry.actor} /> },
            { key: "action", name: t("admin.action"), cell: (entry) => <code>{entry.action}</code> },
            { key: "target", name: t("admin.target"), wide: true, cell: (entry) => entry.target ?? "" },
          ]}
        />
      )}
      <LoadMore list={list} />
    </section>
  );
}
