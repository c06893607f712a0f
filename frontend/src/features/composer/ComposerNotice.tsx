// Reports a request that was not accepted. Invariant: states when the request may have been received nevertheless.
import { useTranslation } from "react-i18next";
import { X } from "lucide-react";
import { Button, IconButton } from "@/components/ui/Button";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { useComposer } from "./store";
import styles from "./ComposerNotice.module.css";

export function ComposerNotice({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const notice = useComposer((state) => state.notice);
  const reason = useErrorText(notice?.error ?? null);
  const putBack = useComposer((state) => state.restoreText);
  const dismiss = useComposer((state) => state.dismissNotice);
  const act = (action: () => void) => {
    action();
    onDone();
  };
  return (
    <div role="alert" className={styles.region}>
      {notice && (
        <div className={styles.notice} data-testid="composer-notice">
          <div className={styles.text}>
            <p>
              {notice.kind === "unconfirmed"
                ? t("composer.unconfirmed")
                : t("app.sentences", { first: t("composer.rejected"), second: reason ?? "" })}
            </p>
            {notice.error.fields.map((field) => (
              <p key={`${field.field} ${field.code}`} dir="auto" className={styles.fieldError}>
                {field.message}
              </p>
            ))}
          </div>
          {notice.text !== null && <Button onClick={() => act(putBack)}>{t("composer.restoreText")}</Button>}
          <IconButton label={t("composer.dismiss")} onClick={() => act(dismiss)}>
            <X size={18} aria-hidden />
          </IconButton>
        </div>
      )}
    </div>
  );
}
