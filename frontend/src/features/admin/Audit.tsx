// What administrators have done. Invariant: read only, the newest first, in the server's own names.
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { Email } from "@/components/ui/Email";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import { useFormat } from "@/lib/i18n/format";
import { More } from "./Tools";
import { usePages } from "./usePages";
import styles from "./Admin.module.css";

export function Audit() {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const pages = usePages(useCallback((cursor?: string) => admin.audit(cursor ? { cursor } : {}), []));
  return (
    <section className={styles.list} aria-label={t("admin.audit")}>
      <Reason error={pages.error} />
      {pages.rows && (
        <Table
          label={t("admin.audit")}
          rows={pages.rows}
          keyOf={(entry) => entry.id}
          empty={t("admin.noAudit")}
          columns={[
            { key: "at", name: t("spending.when"), cell: (entry) => <time dateTime={entry.at}>{dateTime(entry.at)}</time> },
            { key: "actor", name: t("admin.actor"), cell: (entry) => <Email address={entry.actor} /> },
            { key: "action", name: t("admin.action"), cell: (entry) => <code>{entry.action}</code> },
            { key: "target", name: t("admin.target"), wide: true, cell: (entry) => entry.target ?? "" },
          ]}
        />
      )}
      <More pages={pages} />
    </section>
  );
}
