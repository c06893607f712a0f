// A report of costs with its totals. Invariant: certain and possible costs stay apart; unknown prices are no zeros.
import { useTranslation } from "react-i18next";
import { Table, type Column } from "@/components/ui/Table";
import type { Costs } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import styles from "./CostTable.module.css";

interface Props<Row extends Costs> {
  rows: readonly Row[];
  totals: readonly Costs[];
  /** What distinguishes the rows. */
  columns: readonly Column<Row>[];
}

export function CostTable<Row extends Costs>({ rows, totals, columns }: Props<Row>) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const amount = useAmount();
  return (
    <>
      {totals.filter(({ currency }) => currency != null).map((total) => (
        <p key={total.currency} className={styles.total} data-testid="cost-total">
          {t("spending.total", {
            certain: amount(total.currency, total.certainAmount),
            possible: amount(total.currency, total.possibleAmount),
          })}
        </p>
      ))}
      <Table
        label={t("spending.title")}
        rows={rows}
        rowKey={(row) => JSON.stringify(row)}
        empty={t("spending.none")}
        testId="costs"
        columns={[
          ...columns,
          { key: "videos", name: t("spending.videos"), numeric: true, cell: (row) => number(row.certainAttempts) },
          { key: "certain", name: t("spending.certain"), numeric: true, cell: (row) => amount(row.currency, row.certainAmount) },
          { key: "failed", name: t("spending.withoutVideo"), numeric: true, cell: (row) => number(row.possibleAttempts) },
          { key: "possible", name: t("spending.possible"), numeric: true, cell: (row) => amount(row.currency, row.possibleAmount) },
        ]}
      />
    </>
  );
}

function useAmount() {
  const { t } = useTranslation();
  const { money } = useFormat();
  return (currency: string | null | undefined, amount: string | null | undefined): string =>
    currency == null || amount == null ? t("spending.unknown") : money(Number(amount), currency);
}
