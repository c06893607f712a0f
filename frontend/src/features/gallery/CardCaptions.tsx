// The caption below a card, for each state of its job: a status or title, a line of details, and the matching buttons.
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { CircleSlash, RectangleHorizontal, RectangleVertical, Sparkles, TriangleAlert } from "lucide-react";
import { CancelButton } from "@/components/jobs/CancelButton";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { IconButton } from "@/components/ui/Button";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { hasEarlierCharge } from "@/lib/jobs/failure";
import { useEta } from "@/lib/jobs/useEta";
import { truncate } from "@/lib/text";
import { useCoarseNow, useCountdownNow } from "@/lib/useNow";
import styles from "./JobCard.module.css";

const maxPromptLength = 200;

export function ActiveCaption({ job, status }: { job: Job; status: string }) {
  const eta = useEta(job);
  return (
    <div className={styles.caption} data-kind="active">
      <div className={styles.text}>
        <p className={styles.status}>
          <span data-testid="job-status">{status}</span>
          {eta !== null && <span className={styles.eta}> · {eta}</span>}
        </p>
        <Meta job={job}>
          <Elapsed job={job} />
        </Meta>
      </div>
      <CancelButton job={job} compact />
    </div>
  );
}

export function EndedCaption({ job, onReuse }: { job: Job; onReuse: (job: Job) => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.caption} data-kind="ended">
      <div className={styles.text}>
        <p className={styles.title} dir="auto">
          {truncate(job.prompt, maxPromptLength)}
        </p>
        <Meta job={job}>
          <Age at={job.createdAt} />
        </Meta>
      </div>
      <IconButton label={t("gallery.remix")} className={styles.hoverAction} onClick={() => onReuse(job)} data-testid="job-remix">
        <Sparkles size={16} aria-hidden />
      </IconButton>
      <DeleteJob job={job} compact className={styles.hoverAction} />
    </div>
  );
}

export function FailedCaption({ job, status }: { job: Job; status: string }) {
  return (
    <div className={styles.caption} data-kind="failed">
      <div className={styles.text}>
        <Link href={`/videos/${job.id}`} className={styles.title} dir="auto" data-testid="job-link">
          {truncate(job.prompt, maxPromptLength)}
        </Link>
        <p className={[styles.meta, styles.ended].join(" ")}>
          <CircleSlash size={13} aria-hidden className={styles.danger} />
          <span data-testid="job-status">{status}</span>
          <Age at={job.finishedAt ?? job.createdAt} />
        </p>
      </div>
      <DeleteJob job={job} compact className={styles.hoverAction} />
    </div>
  );
}

function Meta({ job, children }: { job: Job; children: React.ReactNode }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const Shape = job.orientation === "portrait" ? RectangleVertical : RectangleHorizontal;
  const earlierCharge = t("failure.earlierCharge");
  return (
    <p className={styles.meta}>
      <Shape size={13} aria-hidden />
      <span>{t("composer.secondsValue", { value: number(job.seconds) })}</span>
      {children}
      {hasEarlierCharge(job) && (
        <span className={styles.charged} title={earlierCharge} data-testid="job-earlier-charge">
          <TriangleAlert size={13} aria-hidden />
          <span className="visually-hidden">{earlierCharge}</span>
        </span>
      )}
    </p>
  );
}

function Age({ at }: { at: string }) {
  const { ago } = useFormat();
  const now = useCoarseNow();
  return <time dateTime={at}>{ago(at, now)}</time>;
}

/** Time since the job started, or since it was created while it waits. */
function Elapsed({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { elapsed } = useFormat();
  const now = useCountdownNow(true);
  const since = Date.parse(job.startedAt ?? job.createdAt);
  return <time>{t("jobStatus.elapsed", { time: elapsed(now - since) })}</time>;
}
