// How much room one's videos and pictures take. Invariant: absent until the server has told.
import { useTranslation } from "react-i18next";
import { Section } from "@/components/ui/Page";
import { auth } from "@/lib/api/endpoints";
import { useFormat } from "@/lib/i18n/format";
import { useAsked } from "@/lib/useAsked";
import styles from "./StorageUse.module.css";

/** From here on it is worth a warning. */
const nearlyFull = 0.9;

export function StorageUse() {
  const { t } = useTranslation();
  const { bytes } = useFormat();
  const storage = useAsked(auth.me).value?.storage;
  if (!storage) return null;
  const { used, quota } = storage;
  const share = quota ? Math.min(1, used / quota) : null;
  const words = quota ? t("storage.usedOf", { used: bytes(used), quota: bytes(quota) }) : t("storage.used", { used: bytes(used) });
  return (
    <Section title={t("storage.title")} detail={t("storage.detail")} testId="storage">
      <p className={styles.words}>{words}</p>
      {share !== null && (
        <div
          role="meter"
          aria-label={t("storage.title")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={words}
          className={styles.meter}
          data-full={share >= nearlyFull}
        >
          <div className={styles.used} style={{ transform: `scaleX(${share})` }} />
        </div>
      )}
      {share !== null && share >= nearlyFull && <p className={styles.full}>{t(share >= 1 ? "storage.full" : "storage.nearlyFull")}</p>}
    </Section>
  );
}
