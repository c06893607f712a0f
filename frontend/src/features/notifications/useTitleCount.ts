// Counts videos in the tab's title that finished while the tab was hidden. Resets when the tab becomes visible.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormat } from "@/lib/i18n/format";

export function useTitleCount(): (more: number) => void {
  const { t } = useTranslation();
  const { number } = useFormat();
  const [unseen, setUnseen] = useState(0);
  const name = t("app.name");

  useEffect(() => {
    document.title = unseen > 0 ? `(${number(unseen)}) ${name}` : name;
    return () => {
      document.title = name;
    };
  }, [unseen, number, name]);
  useEffect(() => {
    const onVisibilityChange = () => {
      if (!document.hidden) setUnseen(0);
    };
    document.addEventListener("visibilitychange", onVisibilityChange);
    return () => document.removeEventListener("visibilitychange", onVisibilityChange);
  }, []);
  return useCallback((more: number) => setUnseen((count) => count + more), []);
}
