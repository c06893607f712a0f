// Says what the next request costs and what is left of the budgets. Invariant: says nothing while a price is unknown or zero.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { queries } from "@/lib/api/queries";
import type { Budget } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { priceOf } from "@/lib/money";
import { useComposer } from "./store";
import { useSettings } from "./useSettings";
import styles from "./PriceLine.module.css";

const leftKeys = {
  user: { day: "composer.price.leftToday", month: "composer.price.leftThisMonth" },
  everyone: { day: "composer.price.serverLeftToday", month: "composer.price.serverLeftThisMonth" },
} as const satisfies Record<Budget["scope"], Record<Budget["period"], string>>;

export function PriceLine() {
  const { t } = useTranslation();
  const { dateTime, money } = useFormat();
  const settings = useSettings()?.settings;
  const count = useComposer((state) => state.count);
  const price = settings?.model.price ?? null;
  const { data } = useQuery({ ...queries.budgets, enabled: price !== null });
  if (!settings || !price) return null;
  const total = priceOf(price, settings.seconds) * count;
  if (total === 0) return null;
  const tightest = data?.budgets.toSorted((one, other) => Number(one.left) - Number(other.left))[0];
  const isOver = tightest !== undefined && total > Number(tightest.left);
  const about = t("composer.price.about", { videos: t("composer.countValue", { count }), amount: money(total, price.currency) });
  const left = tightest && t(leftKeys[tightest.scope][tightest.period], { amount: money(Number(tightest.left), price.currency) });
  const line = left === undefined ? about : t("composer.price.withLeft", { about, left });
  return (
    <p className={styles.line} data-over={isOver} role="status" data-testid="composer-price">
      {isOver ? t("composer.price.over", { line, date: dateTime(tightest.resetsAt) }) : line}
    </p>
  );
}
