// Controls shared by the administration's lists: the search field and the button that loads more.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { maxQueryLength } from "@/lib/jobs/filter";
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
      maxLength={maxQueryLength}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface LoadMoreProps {
  list: { rows: readonly unknown[] | null; hasMore: boolean; error: unknown; loadMore: () => void };
}

export function LoadMore({ list }: LoadMoreProps) {
  const { t } = useTranslation();
  if (!list.rows && !list.error) return <p role="status">{t("app.loading")}</p>;
  if (!list.hasMore) return null;
  return (
    <div className={styles.more}>
      <Button onClick={list.loadMore}>{t("gallery.more")}</Button>
    </div>
  );
}
