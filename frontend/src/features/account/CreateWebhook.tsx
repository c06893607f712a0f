// Creates a webhook. Invariant: its secret is shown once, when it is created.
import { useState, type SyntheticEvent } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import type { ApiError } from "@/lib/api/client";
import { webhooks } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import type { WebhookEvent } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { eventKeys, webhookEvents } from "./webhookEvents";
import { WebhookSecret } from "./WebhookSecret";
import styles from "./Account.module.css";

export function CreateWebhook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [url, setUrl] = useState("");
  const [name, setName] = useState("");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(webhookEvents);
  const {
    data: created,
    isPending,
    error,
    mutate,
  } = useApiMutation({
    mutationFn: () => webhooks.create({ url: url.trim(), name: name.trim() === "" ? null : name.trim(), events: [...events] }),
    onSuccess: () => client.invalidateQueries(queries.webhooks),
  });
  if (created) return <WebhookSecret title={t("webhooks.createdTitle")} secret={created.secret} onClose={onClose} />;
  const create = (event: SyntheticEvent) => {
    event.preventDefault();
    if (events.length > 0) mutate();
  };
  const toggle = (event: WebhookEvent, on: boolean) => setEvents(webhookEvents.filter((one) => (one === event ? on : events.includes(one))));
  const isUrlRejected = rejectsUrl(error);
  return (
    <Dialog title={t("webhooks.new")} onClose={onClose}>
      <form className={styles.form} onSubmit={create}>
        <Field
          label={t("webhooks.url")}
          hint={t("webhooks.urlHint")}
          error={isUrlRejected ? t("webhooks.urlRejected") : undefined}
          type="url"
          required
          maxLength={2000}
          placeholder="https://example.com/webhooks"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Field label={t("webhooks.name")} hint={t("webhooks.nameHint")} maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        <fieldset className={styles.scopes}>
          <legend>{t("webhooks.events")}</legend>
          {webhookEvents.map((event) => (
            <label key={event} className={styles.scope}>
              <input type="checkbox" checked={events.includes(event)} onChange={({ target }) => toggle(event, target.checked)} />
              {t(eventKeys[event])}
            </label>
          ))}
        </fieldset>
        {!isUrlRejected && <ErrorMessage error={error} />}
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button kind="accent" type="submit" aria-disabled={isPending} data-testid="webhook-create">
            {t("webhooks.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const rejectsUrl = (error: ApiError | null): boolean => error?.fields.some(({ field }) => field === "url") ?? false;
