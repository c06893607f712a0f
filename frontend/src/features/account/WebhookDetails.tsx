// Manages one webhook: on and off, test, new secret, deletion, and the log of its deliveries.
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Switch } from "@/components/ui/Switch";
import { webhooks } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import type { Webhook } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { WebhookDeliveries } from "./WebhookDeliveries";
import { WebhookSecret } from "./WebhookSecret";
import styles from "./Webhooks.module.css";

export function WebhookDetails({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { id, name, url, enabled } = webhook;
  const refreshWebhooks = () => client.invalidateQueries(queries.webhooks);
  const enabling = useApiMutation({ mutationFn: (on: boolean) => webhooks.change(id, { enabled: on }), onSuccess: refreshWebhooks });
  const rotation = useApiMutation({ mutationFn: () => webhooks.rotate(id), onSuccess: refreshWebhooks });
  const removal = useApiMutation({
    mutationFn: () => webhooks.remove(id),
    onSuccess: () => {
      onClose();
      return refreshWebhooks();
    },
  });
  const test = useApiMutation({ mutationFn: () => webhooks.test(id), onSuccess: () => client.invalidateQueries(queries.webhookDeliveries(id)) });
  if (rotation.data) {
    return <WebhookSecret title={t("webhooks.rotatedTitle")} note={t("webhooks.overlap")} secret={rotation.data.secret} onClose={onClose} />;
  }
  return (
    <Dialog title={name} onClose={onClose}>
      <div className={styles.details}>
        <code className={styles.url} translate="no">
          {url}
        </code>
        <WebhookHealth webhook={webhook} />
        <Switch
          label={t("webhooks.enabled")}
          hint={t("webhooks.enabledHint")}
          checked={enabled}
          onChange={(on) => enabling.mutate(on)}
          testId="webhook-enabled"
        />
        <ErrorMessage error={enabling.error ?? rotation.error ?? removal.error ?? test.error} />
        <div className={styles.actions}>
          {enabled && (
            <Button onClick={() => test.mutate()} aria-disabled={test.isPending} data-testid="webhook-test">
              {t("webhooks.test")}
            </Button>
          )}
          <ConfirmButton
            label={t("webhooks.rotate")}
            question={t("webhooks.rotateConfirm")}
            subject={name}
            onConfirm={() => rotation.mutate()}
            testId="webhook-rotate"
          />
          <ConfirmButton
            label={t("webhooks.delete")}
            question={t("webhooks.deleteConfirm")}
            subject={name}
            onConfirm={() => removal.mutate()}
            testId="webhook-delete"
          />
        </div>
        <WebhookDeliveries webhook={webhook} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>{t("keys.done")}</Button>
      </DialogActions>
    </Dialog>
  );
}

function WebhookHealth({ webhook: { disabledReason, failingSince, previousSecretUntil } }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  return (
    <>
      {disabledReason !== null && (
        <p className={styles.warning}>{t(disabledReason === "gone" ? "webhooks.disabledGone" : "webhooks.disabledFailing")}</p>
      )}
      {failingSince !== null && <p className={styles.warning}>{t("webhooks.failingSince", { date: dateTime(failingSince) })}</p>}
      {previousSecretUntil !== null && <p>{t("webhooks.previousSecret", { date: dateTime(previousSecretUntil) })}</p>}
    </>
  );
}
