// Shows how much storage the user's videos and images take. Renders nothing until the server has answered.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Section } from "@/components/ui/Page";
import { queries } from "@/lib/api/queries";
import { useFormat } from "@/lib/i18n/format";
import styles from "./StorageUsage.module.css";

/** Ratio from which a warning is shown. */
const warningThreshold = 0.9;

export function StorageUsage() {
  const { t } = useTranslation();
  const { bytes } = useFormat();
  const storage = useQuery(queries.me).data?.storage;
  if (!storage) return null;
  const { used, quota } = storage;
  const ratio = quota ? Math.min(1, used / quota) : null;
  const label = quota ? t("storage.usedOf", { used: bytes(used), quota: bytes(quota) }) : t("storage.used", { used: bytes(used) });
  return (
    <Section title={t("storage.title")} detail={t("storage.detail")} testId="storage">
      <p className={styles.label}>{label}</p>
      {ratio !== null && (
        <div
          role="meter"
          aria-label={t("storage.title")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(ratio * 100)}
          aria-valuetext={label}
          className={styles.meter}
          data-full={ratio >= warningThreshold}
        >
          <div className={styles.used} style={{ transform: `scaleX(${ratio})` }} />
        </div>
      )}
      {ratio !== null && ratio >= warningThreshold && <p className={styles.warning}>{t(ratio >= 1 ? "storage.full" : "storage.nearlyFull")}</p>}
    </Section>
  );
}
