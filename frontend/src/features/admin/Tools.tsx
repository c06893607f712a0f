// What the lists of administration share: the search above and the button below.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { queryLimit } from "@/lib/jobs/filter";
import styles from "./Admin.module.css";

interface SearchProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function SearchField({ label, value, onChange }: SearchProps) {
  return (
    <Field
      label={label}
      type="text"
      inputMode="search"
      autoComplete="off"
      maxLength={queryLimit}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface MoreProps {
  pages: { rows: readonly unknown[] | null; more: boolean; error: unknown; loadMore: () => void };
}

export function More({ pages }: MoreProps) {
  const { t } = useTranslation();
  if (!pages.rows && !pages.error) return <p role="status">{t("wall.loading")}</p>;
  if (!pages.more) return null;
  return (
    <div className={styles.more}>
      <Button onClick={pages.loadMore}>{t("wall.more")}</Button>
    </div>
  );
}
