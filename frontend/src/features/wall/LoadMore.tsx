// The end of the wall so far. Invariant: more is loaded on arriving there, and by pressing the button where that does not happen.
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { useErrorText } from "@/lib/i18n/useErrorText";
import type { Library } from "./useLibrary";
import styles from "./LoadMore.module.css";

export function LoadMore({ library, quiet }: { library: Library; quiet: boolean }) {
  const { t } = useTranslation();
  const { cursor, loading, error, loadMore } = library;
  const reason = useErrorText(error);
  const end = useRef<HTMLDivElement>(null);
  const reachable = typeof cursor === "string" && !loading && error === null;

  useEffect(() => {
    if (!reachable || !end.current) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && loadMore(), { rootMargin: "600px" });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [reachable, loadMore]);

  return (
    <div ref={end} className={styles.end}>
      {error !== null && (
        <p role="alert">
          {t("wall.loadFailed")} {reason}
        </p>
      )}
      {loading && <p role="status">{t("wall.loading")}</p>}
      {!loading && cursor !== null && (cursor !== undefined || error !== null) && (
        <Button onClick={loadMore} data-testid="load-more">
          {t(error === null ? "wall.more" : "app.tryAgain")}
        </Button>
      )}
      {cursor === null && !quiet && <p>{t("wall.end")}</p>}
    </div>
  );
}
