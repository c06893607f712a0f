// Warns administrators on every page while a provider's responses cannot be read. Invariant: the response is rendered as text.
import { useTranslation } from "react-i18next";
import { TriangleAlert } from "lucide-react";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { admin } from "@/lib/api/admin";
import type { UpstreamState } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useApiQuery } from "@/lib/api/useApiQuery";
import { useFormat } from "@/lib/i18n/format";
import { usePeriodicRefetch } from "./usePeriodicRefetch";
import styles from "./UpstreamAlerts.module.css";

const refreshIntervalMs = 30_000;

export function UpstreamAlerts() {
  const { data, refetch } = useApiQuery(admin.upstreams);
  usePeriodicRefetch(refetch, refreshIntervalMs);
  // A failed query shows no error here: the page below reports that the server cannot be reached.
  return (
    <div aria-live="polite">
      {data?.data.map((state) => (
        <UpstreamAlert key={state.upstream} state={state} onResumed={refetch} />
      ))}
    </div>
  );
}

function UpstreamAlert({ state, onResumed }: { state: UpstreamState; onResumed: () => void }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  const { error, run } = useApiMutation();
  const { upstream, sample, since, suspendedAt, unreadableJobs } = state;
  const isSuspended = suspendedAt !== null;
  const title = t(isSuspended ? "admin.upstream.suspended" : "admin.upstream.unreadable");
  // Another administrator may have been faster.
  const resume = () => void run(() => admin.resumeUpstream(upstream)).then(onResumed);
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
        <details>
          <summary>{t("admin.upstream.sample")}</summary>
          <pre className={styles.sample} dir="auto" translate="no">
            <code>{sample}</code>
          </pre>
        </details>
        <ErrorMessage error={error} />
      </div>
      <ConfirmButton
        label={t(isSuspended ? "admin.upstream.resume" : "admin.upstream.dismiss")}
        question={t(isSuspended ? "admin.upstream.resumeConfirm" : "admin.upstream.dismissConfirm")}
        subject={upstream}
        onConfirm={resume}
        testId="upstream-resume"
      />
    </section>
  );
}
