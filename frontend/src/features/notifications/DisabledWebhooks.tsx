// Tells a user on every page that the platform disabled one of their webhooks.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { TriangleAlert } from "lucide-react";
import { queries } from "@/lib/api/queries";
import styles from "./DisabledWebhooks.module.css";

export function DisabledWebhooks() {
  const { t } = useTranslation();
  const { data } = useQuery(queries.webhooks);
  const disabled = data?.data.filter(({ disabledReason }) => disabledReason !== null) ?? [];
  // A failed query shows no error here: the page below reports that the server cannot be reached.
  return (
    <div aria-live="polite">
      {disabled.map(({ id, name }) => (
        <p key={id} className={styles.alert} data-testid="webhook-disabled">
          <TriangleAlert size={20} aria-hidden className={styles.icon} />
          <span>
            {t("webhooks.alert", { name })} <Link href="/account">{t("webhooks.alertLink")}</Link>
          </span>
        </p>
      ))}
    </div>
  );
}
