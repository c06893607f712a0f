// Loads the next page when it scrolls into view, and by a button.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { useErrorText } from "@/lib/i18n/useErrorText";
import type { JobList } from "./useJobList";
import styles from "./LoadMore.module.css";

export function LoadMore({ list, hideEnd }: { list: JobList; hideEnd: boolean }) {
  const { t } = useTranslation();
  const { cursor, loading, error, loadMore } = list;
  const errorText = useErrorText(error);
  const end = useRef<HTMLDivElement>(null);
  const canAutoLoad = typeof cursor === "string" && !loading && error === null;

  useEffect(() => {
    if (!canAutoLoad || !end.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && loadMore(), { rootMargin: "600px" });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [canAutoLoad, loadMore]);

  return (
    <div ref={end} className={styles.end}>
      {error !== null && (
        <p role="alert">
          {t("app.sentences", { first: t("gallery.loadFailed"), second: errorText ?? "" })}
        </p>
      )}
      {loading && <p role="status">{t("app.loading")}</p>}
      {!loading && cursor !== null && (cursor !== undefined || error !== null) && (
        <Button onClick={loadMore} data-testid="load-more">
          {t(error === null ? "gallery.more" : "app.tryAgain")}
        </Button>
      )}
      {cursor === null && !hideEnd && <p>{t("gallery.end")}</p>}
    </div>
  );
}
