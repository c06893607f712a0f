// Lists webhooks with their states; opens the dialogs that create and manage them.
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { queries } from "@/lib/api/queries";
import type { Webhook } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { CreateWebhook } from "./CreateWebhook";
import { eventKeys } from "./webhookEvents";
import { WebhookDetails } from "./WebhookDetails";
import styles from "./Webhooks.module.css";

export function Webhooks() {
  const { t } = useTranslation();
  const { data, error } = useQuery(queries.webhooks);
  const [creating, setCreating] = useState(false);
  const [openId, setOpenId] = useState<string | null>(null);
  const open = data?.data.find(({ id }) => id === openId);
  return (
    <Section title={t("webhooks.title")} detail={t("webhooks.detail")} testId="webhooks">
      <ErrorMessage error={error} />
      {data && <WebhookTable webhooks={data.data} onOpen={({ id }) => setOpenId(id)} />}
      <Button onClick={() => setCreating(true)} data-testid="webhook-new">
        {t("webhooks.new")}
      </Button>
      {creating && <CreateWebhook onClose={() => setCreating(false)} />}
      {open && <WebhookDetails webhook={open} onClose={() => setOpenId(null)} />}
    </Section>
  );
}

function WebhookTable({ webhooks, onOpen }: { webhooks: readonly Webhook[]; onOpen: (webhook: Webhook) => void }) {
  const { t } = useTranslation();
  const { date } = useFormat();
  return (
    <Table
      label={t("webhooks.title")}
      rows={webhooks}
      rowKey={(webhook) => webhook.id}
      empty={t("webhooks.none")}
      columns={[
        {
          key: "name",
          name: t("webhooks.name"),
          wide: true,
          cell: (webhook) => (
            <>
              <span dir="auto">{webhook.name}</span>
              <span className={styles.url} translate="no">
                {webhook.url}
              </span>
            </>
          ),
        },
        { key: "events", name: t("webhooks.events"), cell: ({ events }) => events.map((event) => t(eventKeys[event])).join(t("keys.separator")) },
        { key: "state", name: t("webhooks.state"), cell: (webhook) => <WebhookState webhook={webhook} /> },
        { key: "made", name: t("keys.created"), cell: (webhook) => date(webhook.createdAt) },
        {
          key: "open",
          name: t("app.actions"),
          actions: true,
          numeric: true,
          cell: (webhook) => (
            <Button onClick={() => onOpen(webhook)} aria-label={`${t("webhooks.manage")}: ${webhook.name}`} data-testid="webhook-manage">
              {t("webhooks.manage")}
            </Button>
          ),
        },
      ]}
    />
  );
}

function WebhookState({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  const [state, key] = stateOf(webhook);
  return (
    <span className={styles.state} data-state={state} data-testid="webhook-state">
      {t(key)}
    </span>
  );
}

function stateOf({ enabled, disabledReason, failingSince }: Webhook) {
  if (disabledReason !== null) return ["disabled", "webhooks.disabledByFailures"] as const;
  if (!enabled) return ["off", "webhooks.off"] as const;
  return failingSince === null ? (["ok", "webhooks.on"] as const) : (["failing", "webhooks.failing"] as const);
}
