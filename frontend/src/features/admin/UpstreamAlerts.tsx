// Warns administrators on every page while a provider's responses cannot be read.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { TriangleAlert } from "lucide-react";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { admin } from "@/lib/api/admin";
import { queries } from "@/lib/api/queries";
import type { UpstreamState } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { ProviderResponse } from "./ProviderResponse";
import styles from "./UpstreamAlerts.module.css";

export function UpstreamAlerts() {
  const { data } = useQuery(queries.adminUpstreams);
  // A failed query shows no error here: the page below reports that the server cannot be reached.
  return (
    <div aria-live="polite">
      {data?.data.map((state) => (
        <UpstreamAlert key={state.upstream} state={state} />
      ))}
    </div>
  );
}

function UpstreamAlert({ state }: { state: UpstreamState }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const client = useQueryClient();
  const resume = useApiMutation({
    mutationFn: admin.resumeUpstream,
    // Also after a failure: another administrator may have resumed it.
    onSettled: () => client.invalidateQueries(queries.adminUpstreams),
  });
  const { upstream, sample, since, suspendedAt, unreadableJobs } = state;
  const isSuspended = suspendedAt !== null;
  const title = t(isSuspended ? "admin.upstream.suspended" : "admin.upstream.unreadable");
  return (
    <section aria-label={title} className={styles.alert} data-suspended={isSuspended} data-testid="upstream-alert">
      <TriangleAlert size={20} aria-hidden className={styles.icon} />
      <div className={styles.text}>
        <p className={styles.title}>{title}</p>
        <p>
          <code translate="no">{upstream}</code>
        </p>
        <p className={styles.detail}>
          {t("admin.upstream.jobs", { count: unreadableJobs, date: dateTime(since) })}
          {isSuspended && <span> {t("admin.upstream.waiting")}</span>}
        </p>
        <ProviderResponse label={t("admin.upstream.sample")} text={sample} />
        <ErrorMessage error={resume.error} />
      </div>
      <ConfirmButton
        label={t(isSuspended ? "admin.upstream.resume" : "admin.upstream.dismiss")}
        question={t(isSuspended ? "admin.upstream.resumeConfirm" : "admin.upstream.dismissConfirm")}
        subject={upstream}
        onConfirm={() => resume.mutate(upstream)}
        testId="upstream-resume"
      />
    </section>
  );
}
