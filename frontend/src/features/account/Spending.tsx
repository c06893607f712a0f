// Shows budgets and what was spent in the last days. Invariant: certain and possible costs stay apart; deleted videos are included.
import { Fragment } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import buttons from "@/components/ui/Button.module.css";
import { CostTable } from "@/components/CostTable";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Section } from "@/components/ui/Page";
import { queries } from "@/lib/api/queries";
import type { Budget } from "@/lib/api/types";
import { usageCsvUrl } from "@/lib/api/urls";
import { useFormat } from "@/lib/i18n/format";
import styles from "./Account.module.css";

const budgetKeys = {
  user: { day: "spending.budgetToday", month: "spending.budgetThisMonth" },
  everyone: { day: "spending.serverToday", month: "spending.serverThisMonth" },
} as const satisfies Record<Budget["scope"], Record<Budget["period"], string>>;

/** Rendered only where models have prices, or something was spent. */
export function Spending() {
  const { t } = useTranslation();
  const { day } = useFormat();
  const { data: budgets } = useQuery(queries.budgets);
  const { data: usage, error } = useQuery(queries.usage);
  if (budgets?.currency == null && !usage?.totals.some(({ currency }) => currency !== null)) return null;
  return (
    <Section title={t("spending.title")} detail={t("spending.detail")} testId="spending">
      <ErrorMessage error={error} />
      {budgets?.currency != null && budgets.budgets.length > 0 && <Budgets budgets={budgets.budgets} currency={budgets.currency} />}
      {usage && (
        <>
          <CostTable
            rows={usage.data}
            totals={usage.totals}
            columns={[
              { key: "day", name: t("usage.date"), cell: (row) => row.day != null && <span className={styles.day}>{day(row.day)}</span> },
              { key: "model", name: t("composer.model"), wide: true, cell: (row) => row.model },
            ]}
          />
          <div className={styles.row}>
            <a href={usageCsvUrl} download className={[buttons.button, buttons.quiet].join(" ")}>
              {t("spending.csv")}
            </a>
          </div>
        </>
      )}
    </Section>
  );
}

function Budgets({ budgets, currency }: { budgets: readonly Budget[]; currency: string }) {
  const { t } = useTranslation();
  const { dateTime, money } = useFormat();
  const text = ({ amount, left, resetsAt }: Budget) => {
    const values = { left: money(Number(left), currency), date: dateTime(resetsAt) };
    return amount == null ? t("spending.left", values) : t("spending.leftOf", { ...values, amount: money(Number(amount), currency) });
  };
  return (
    <dl className={styles.facts}>
      {budgets.map((budget) => (
        <Fragment key={`${budget.scope} ${budget.period}`}>
          <dt>{t(budgetKeys[budget.scope][budget.period])}</dt>
          <dd>{text(budget)}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
