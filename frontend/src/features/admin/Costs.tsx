// Reports what all users have spent in the last 30 days, grouped as chosen. Invariant: certain and possible costs stay apart.
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import buttons from "@/components/ui/Button.module.css";
import { CostTable } from "@/components/CostTable";
import { Email } from "@/components/ui/Email";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import type { Column } from "@/components/ui/Table";
import { queries } from "@/lib/api/queries";
import type { CostRow } from "@/lib/api/types";
import { costsCsvUrl } from "@/lib/api/urls";
import { useFormat } from "@/lib/i18n/format";
import styles from "./Admin.module.css";

const groupings = { user: "admin.costs.byUser", model: "admin.costs.byModel", upstream: "admin.costs.byUpstream", day: "admin.costs.byDay" } as const;
type Grouping = keyof typeof groupings;
const isGrouping = (value: string): value is Grouping => Object.hasOwn(groupings, value);

export function Costs() {
  const { t } = useTranslation();
  const [by, setBy] = useState<Grouping>("user");
  const { data, error } = useQuery(queries.adminCosts(by));
  const column = useColumn(by);
  return (
    <section className={styles.list} aria-label={t("admin.costs.title")}>
      <div className={styles.tools}>
        <label>
          <span className="visually-hidden">{t("admin.costs.by")}</span>
          <select
            className={styles.select}
            value={by}
            onChange={({ target }) => isGrouping(target.value) && setBy(target.value)}
            data-testid="admin-costs-by"
          >
            {Object.entries(groupings).map(([value, key]) => (
              <option key={value} value={value}>
                {t(key)}
              </option>
            ))}
          </select>
        </label>
        <a href={costsCsvUrl} download className={[buttons.button, buttons.quiet].join(" ")}>
          {t("spending.csv")}
        </a>
      </div>
      <p className={styles.detail}>{t("spending.detail")}</p>
      <ErrorMessage error={error} />
      {data ? <CostTable rows={data.data} totals={data.totals} columns={[column]} /> : !error && <p role="status">{t("app.loading")}</p>}
    </section>
  );
}

function useColumn(by: Grouping): Column<CostRow> {
  const { t } = useTranslation();
  const { day } = useFormat();
  switch (by) {
    case "user":
      return {
        key: by,
        name: t("admin.user"),
        wide: true,
        cell: ({ email, userId }) => (email == null ? t("admin.costs.deletedUser", { id: userId ?? "" }) : <Email address={email} />),
      };
    case "day":
      return { key: by, name: t("usage.date"), wide: true, cell: (row) => row.day != null && day(row.day) };
    case "model":
      return { key: by, name: t("composer.model"), wide: true, cell: (row) => row.model };
    case "upstream":
      return { key: by, name: t("admin.costs.upstream"), wide: true, cell: (row) => row.upstream };
  }
}
