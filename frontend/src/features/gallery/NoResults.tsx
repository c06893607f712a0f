// Shown when a search or filter matches nothing; offers to show everything.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { useFilter } from "@/lib/jobs/filter";

export function NoResults() {
  const { t } = useTranslation();
  const q = useFilter((state) => state.q.trim());
  const clear = useFilter((state) => state.clear);
  return (
    <EmptyState nested text={q === "" ? t("filter.noResults") : t("filter.noResultsFor", { q })}>
      <Button onClick={clear} data-testid="filter-show-all">
        {t("filter.showAll")}
      </Button>
    </EmptyState>
  );
}
