// Shows a webhook's new secret.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import styles from "./Account.module.css";

interface Props {
  title: string;
  secret: string;
  /** What applies besides. */
  note?: string;
  onClose: () => void;
}

export function WebhookSecret({ title, secret, note, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{t("webhooks.shownOnce")}</p>
      {note !== undefined && <p>{note}</p>}
      <code className={styles.secret} data-testid="webhook-secret" translate="no">
        {secret}
      </code>
      <DialogActions>
        <CopyButton text={secret} label={t("webhooks.copy")} kind="accent" />
        <Button onClick={onClose}>{t("keys.done")}</Button>
      </DialogActions>
    </Dialog>
  );
}
