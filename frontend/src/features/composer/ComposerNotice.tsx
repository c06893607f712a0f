// What became of a request that was not accepted. Invariant: never offers to send again without saying that it may have arrived.
import { useTranslation } from "react-i18next";
import { X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { useAbilities } from "@/lib/api/abilities";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useComposer } from "./store";
import styles from "./ComposerNotice.module.css";

export function ComposerNotice({ onActed }: { onActed: () => void }) {
  const { t } = useTranslation();
  const notice = useComposer((state) => state.notice);
  const reason = useErrorText(notice?.error ?? null);
  const once = useAbilities((state) => state.idempotency);
  const putBack = useComposer((state) => state.putBack);
  const dismiss = useComposer((state) => state.dismiss);
  const act = (action: () => void) => {
    action();
    onActed();
  };
  return (
    <div role="alert" className={styles.live}>
      {notice && (
        <div className={styles.notice} data-testid="composer-notice">
          <div className={styles.words}>
            <p>{notice.kind === "unsure" ? t(once ? "composer.unsureOnce" : "composer.unsure") : `${t("composer.refused")} ${reason ?? ""}`}</p>
            {notice.error.fields.map((field) => (
              <p key={`${field.field} ${field.code}`} dir="auto" className={styles.field}>
                {field.message}
              </p>
            ))}
          </div>
          {notice.text !== null && <Button onClick={() => act(putBack)}>{t("composer.putBack")}</Button>}
          <IconButton label={t("composer.dismiss")} onClick={() => act(dismiss)}>
            <X size={18} aria-hidden />
          </IconButton>
        </div>
      )}
    </div>
  );
}
