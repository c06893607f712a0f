// Shows one attempt: what the provider sent and where the video may be. Invariant: texts and addresses of the provider are not links.
import { useTranslation } from "react-i18next";
import type { AdminAttempt, AdminJobDetails, AttemptResult } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { outcomeKey } from "@/lib/jobs/failure";
import { AddResult } from "./AddResult";
import { ProviderResponse } from "./ProviderResponse";
import styles from "./JobDetails.module.css";

interface Props {
  job: AdminJobDetails;
  attempt: AdminAttempt;
}

export function AttemptDetails({ job, attempt }: Props) {
  const { t } = useTranslation();
  const { dateTime, money, number } = useFormat();
  const { cost, costState, currency, detail, evidence, outcome, results, sentAt, upstream, upstreamId } = attempt;
  // An older gateway, during an upgrade, does not tell the cost.
  const amount = costState !== "none" && cost && currency ? money(Number(cost), currency) : null;
  return (
    <article className={styles.attempt} data-testid="admin-attempt">
      <h3>
        {t("videoDetail.attempt", { number: number(attempt.number) })}: {t(outcomeKey(outcome))}
      </h3>
      <dl className={styles.facts}>
        <dt>{t("admin.job.sentAt")}</dt>
        <dd>
          <time dateTime={sentAt}>{dateTime(sentAt)}</time>
        </dd>
        <dt>{t("admin.job.upstream")}</dt>
        <dd>
          <code translate="no">{upstream}</code>
        </dd>
        {upstreamId !== null && (
          <>
            <dt>{t("admin.job.upstreamId")}</dt>
            <dd>
              <code translate="no">{upstreamId}</code>
            </dd>
          </>
        )}
        {detail !== null && (
          <>
            <dt>{t("admin.job.detail")}</dt>
            <dd dir="auto">
              <code translate="no">{detail}</code>
            </dd>
          </>
        )}
        <dt>{t("admin.job.charge")}</dt>
        <dd>{[t(attempt.mayHaveBeenCharged ? "failure.charged" : "failure.notCharged"), amount].filter(Boolean).join(" · ")}</dd>
        <dt>{t("admin.job.results")}</dt>
        <dd>{results.length === 0 ? t("admin.job.noResults") : <Results results={results} />}</dd>
      </dl>
      {evidence !== null && <ProviderResponse label={t("admin.job.evidence")} text={evidence} testId="admin-evidence" />}
      {job.status === "failed" && <AddResult jobId={job.id} attempt={attempt} />}
    </article>
  );
}

const sourceKeys = {
  field: "admin.source.field",
  content: "admin.source.content",
  video_tag: "admin.source.videoTag",
  video_link: "admin.source.videoLink",
  link: "admin.source.link",
  admin: "admin.source.admin",
} as const;

const isKnownSource = (source: string): source is keyof typeof sourceKeys => Object.hasOwn(sourceKeys, source);

function Results({ results }: { results: readonly AttemptResult[] }) {
  const { t } = useTranslation();
  return (
    <ol className={styles.results} data-testid="admin-results">
      {results.map(({ position, url, source }) => (
        <li key={position}>
          <code translate="no">{url}</code>
          <span className={styles.source}>{isKnownSource(source) ? t(sourceKeys[source]) : source}</span>
        </li>
      ))}
    </ol>
  );
}
