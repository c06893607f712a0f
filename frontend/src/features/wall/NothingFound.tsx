// A search without result. Invariant: offers the way back to everything.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { State } from "@/components/ui/State";
import { useFilter } from "@/lib/jobs/filter";

export function NothingFound() {
  const { t } = useTranslation();
  const q = useFilter((state) => state.q.trim());
  const clear = useFilter((state) => state.clear);
  return (
    <State part text={q === "" ? t("filter.none") : t("filter.noneFor", { q })}>
      <Button onClick={clear} data-testid="filter-clear">
        {t("filter.clear")}
      </Button>
    </State>
  );
}
