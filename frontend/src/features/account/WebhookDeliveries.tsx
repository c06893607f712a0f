// The latest deliveries of a webhook, with the receiver's responses. Invariant: a response is rendered as text.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { webhooks } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import type { Webhook, WebhookDelivery } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { eventKeys } from "./webhookEvents";
import styles from "./Webhooks.module.css";

const statusKeys = {
  pending: "webhooks.deliveryPending",
  delivered: "webhooks.deliveryDelivered",
  failed: "webhooks.deliveryFailed",
} as const satisfies Record<WebhookDelivery["status"], string>;

export function WebhookDeliveries({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const query = queries.webhookDeliveries(webhook.id);
  const { data, error } = useQuery(query);
  const resend = useApiMutation({
    mutationFn: (delivery: string) => webhooks.resend(webhook.id, delivery),
    onSuccess: () => client.invalidateQueries(query),
  });
  return (
    <section aria-label={t("webhooks.deliveries")}>
      <h3 className={styles.heading}>{t("webhooks.deliveries")}</h3>
      <ErrorMessage error={error ?? resend.error} />
      {data?.data.length === 0 && <p className={styles.note}>{t("webhooks.noDeliveries")}</p>}
      <ul className={styles.deliveries} data-testid="webhook-deliveries">
        {data?.data.map((delivery) => (
          <Delivery key={delivery.id} delivery={delivery} onResend={webhook.enabled ? () => resend.mutate(delivery.id) : null} />
        ))}
      </ul>
    </section>
  );
}

function Delivery({ delivery, onResend }: { delivery: WebhookDelivery; onResend: (() => void) | null }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const { status, eventType, eventId, jobId, createdAt, attempts, nextAttemptAt, responseBody, error } = delivery;
  const [kind, state] = [t(eventKeys[eventType]), t(statusKeys[status])];
  return (
    <li className={styles.delivery} data-status={status} data-testid="webhook-delivery">
      <details>
        <summary>
          <span>{jobId === null ? t("webhooks.testEvent", { event: kind }) : kind}</span>
          <time dateTime={createdAt}>{dateTime(createdAt)}</time>
          <span className={styles.status}>{state}</span>
        </summary>
        <dl className={styles.facts}>
          <dt>webhook-id</dt>
          <dd>
            <code translate="no">{eventId}</code>
          </dd>
          <dt>{t("webhooks.attempts")}</dt>
          <dd>{attempts}</dd>
          {nextAttemptAt !== null && (
            <>
              <dt>{t("webhooks.nextAttempt")}</dt>
              <dd>{dateTime(nextAttemptAt)}</dd>
            </>
          )}
          <Response delivery={delivery} />
        </dl>
        {error !== null && (
          <p className={styles.warning} translate="no">
            {error}
          </p>
        )}
        {responseBody !== null && responseBody !== "" && (
          <pre className={styles.response} dir="auto" translate="no">
            {responseBody}
          </pre>
        )}
        {onResend && (
          <Button onClick={onResend} aria-label={`${t("webhooks.resend")}: ${eventId}`} data-testid="webhook-resend">
            {t("webhooks.resend")}
          </Button>
        )}
      </details>
    </li>
  );
}

function Response({ delivery: { responseStatus, durationMs } }: { delivery: WebhookDelivery }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  return (
    <>
      {responseStatus !== null && (
        <>
          <dt>{t("webhooks.response")}</dt>
          <dd>{responseStatus}</dd>
        </>
      )}
      {durationMs !== null && (
        <>
          <dt>{t("webhooks.duration")}</dt>
          <dd>{number(durationMs)} ms</dd>
        </>
      )}
    </>
  );
}
