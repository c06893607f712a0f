// Filters the gallery by status. Invariant: the number of results is announced, with a note when more may follow.
import { useTranslation } from "react-i18next";
import { SquareCheck } from "lucide-react";
import { Tooltip } from "@/components/ui/Tooltip";
import { useFormat } from "@/lib/i18n/format";
import { isFiltering, useFilter, type StatusFilter } from "@/lib/jobs/filter";
import { useIsSelecting, useSelection } from "./selection";
import styles from "./Filters.module.css";

interface Props {
  count: number;
  /** Whether all matching jobs are loaded. */
  complete: boolean;
}

const statusLabels = {
  all: "filter.all",
  active: "filter.active",
  completed: "filter.completed",
  failed: "filter.failed",
  cancelled: "filter.cancelled",
} as const satisfies Record<StatusFilter, string>;

export function Filters({ count, complete }: Props) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { q, status, setStatus } = useFilter();
  const selecting = useIsSelecting();
  const start = useSelection((state) => state.start);
  const resultCount = t(complete ? "filter.found" : "filter.foundSoFar", { count, number: number(count) });
  return (
    <div className={styles.bar}>
      <div role="group" aria-label={t("filter.label")} className={styles.statuses}>
        {Object.entries(statusLabels).map(([kind, key]) => (
          <button
            key={kind}
            type="button"
            className={styles.status}
            aria-pressed={kind === status}
            onClick={() => setStatus(kind as StatusFilter)}
            data-testid={`filter-${kind}`}
          >
            {t(key)}
          </button>
        ))}
      </div>
      <p role="status" className={styles.resultCount} data-testid="result-count">
        {isFiltering({ q, status }) && resultCount}
      </p>
      {count > 0 && !selecting && (
        <Tooltip text={t("select.start")}>
          <button type="button" className={[styles.status, styles.select].join(" ")} onClick={start} data-testid="select-start">
            <SquareCheck size={18} strokeWidth={1.75} aria-hidden />
            <span>{t("select.start")}</span>
          </button>
        </Tooltip>
      )}
    </div>
  );
}
