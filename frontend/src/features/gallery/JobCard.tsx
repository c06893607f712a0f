// The card of one job. Invariant: prompts and reasons are rendered as text.
import { memo, useRef, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { ProgressBar } from "@/components/ui/ProgressBar";
import type { Job } from "@/lib/api/types";
import { isActive } from "@/lib/jobs/reducer";
import { hasKnownProgress } from "@/lib/jobs/statusText";
import { useActionErrorText, useOptimisticCancel } from "@/lib/jobs/useJobActions";
import { useStatusText } from "@/lib/jobs/useStatusText";
import { truncate } from "@/lib/text";
import { ActiveCaption, EndedCaption, FailedCaption } from "./CardCaptions";
import { CardVideo } from "./CardVideo";
import { FailureDetails } from "./FailureDetails";
import { SelectCheckbox, usePressToSelect, type OnSelect } from "./SelectCheckbox";
import styles from "./JobCard.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onSelect: OnSelect;
}

/** Two lines show no more characters than this; the detail view shows the whole prompt. */
export const maxPromptLength = 200;

export const JobCard = memo(function JobCard({ job: known, onReuse, onSelect }: Props) {
  const job = useOptimisticCancel(known);
  const card = useRef<HTMLElement>(null);
  const status = useStatusText(job);
  const active = isActive(job);
  return (
    <article ref={card} className={styles.card}>
      {!active && <SelectCheckbox job={job} onSelect={onSelect} />}
      {job.status === "failed" ? (
        <JobPlaceholder id={job.id} intensity={0} muted className={[styles.media, styles.failed].join(" ")}>
          <FailureDetails job={job} onReuse={onReuse} />
        </JobPlaceholder>
      ) : (
        <CardMedia job={job} status={status} card={card} onSelect={onSelect} />
      )}
      {active && <ActiveCaption job={job} status={status} />}
      {job.status === "failed" && <FailedCaption job={job} status={status} />}
      {job.status === "completed" && <EndedCaption job={job} onReuse={onReuse} />}
    </article>
  );
});

interface CardMediaProps {
  job: Job;
  status: string;
  card: RefObject<HTMLElement | null>;
  onSelect: OnSelect;
}

function CardMedia({ job, status, card, onSelect }: CardMediaProps) {
  const { t } = useTranslation();
  const active = isActive(job);
  const promptText = truncate(job.prompt, maxPromptLength);
  const pressHandlers = usePressToSelect(job.id, onSelect);
  return (
    <JobPlaceholder id={job.id} intensity={active ? job.progress / 100 : 1} className={styles.media}>
      {job.videoId !== null && !active && <CardVideo videoId={job.videoId} hasPoster={job.hasPoster} card={card} />}
      <Link
        href={`/videos/${job.id}`}
        className={styles.link}
        aria-label={active ? undefined : t("gallery.open", { prompt: promptText })}
        data-testid="job-link"
        {...(!active && pressHandlers)}
      >
        {active && (
          <span className={styles.prompt} dir="auto">
            {promptText}
          </span>
        )}
      </Link>
      {active && <ProgressBar key={job.retries} progress={job.progress} known={hasKnownProgress(job)} label={status} />}
      <ActionErrorMessage job={job} />
    </JobPlaceholder>
  );
}

function ActionErrorMessage({ job }: { job: Job }) {
  const errorText = useActionErrorText(job);
  if (errorText === null) return null;
  return (
    <p role="alert" className={styles.error} data-testid="job-error">
      {errorText}
    </p>
  );
}
