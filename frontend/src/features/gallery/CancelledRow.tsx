// A cancelled job, collapsed to one row. Invariant: the possible cost of retrying is stated beside the button.
import { memo, useId } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { CircleSlash } from "lucide-react";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { RecoveryButton } from "@/components/jobs/RecoveryButton";
import type { Job } from "@/lib/api/types";
import { recoveryCostKey } from "@/lib/jobs/failure";
import { useActionErrorText } from "@/lib/jobs/useJobActions";
import { useStatusText } from "@/lib/jobs/useStatusText";
import { truncate } from "@/lib/text";
import { SelectCheckbox, usePressToSelect, type OnSelect } from "./SelectCheckbox";
import styles from "./CancelledRow.module.css";

/** The widest row shows no more characters than this. */
const maxPromptLength = 300;

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onSelect: OnSelect;
}

export const CancelledRow = memo(function CancelledRow({ job, onReuse, onSelect }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const status = useStatusText(job);
  const errorText = useActionErrorText(job);
  const cost = recoveryCostKey(job);
  const pressHandlers = usePressToSelect(job.id, onSelect);
  return (
    <article className={styles.container}>
      <div className={styles.row}>
        <SelectCheckbox job={job} onSelect={onSelect} />
        <div className={styles.text} data-with-note={errorText !== null || cost !== null}>
          <Link href={`/videos/${job.id}`} className={styles.link} data-testid="job-link" {...pressHandlers}>
            <CircleSlash size={14} aria-hidden />
            <span data-testid="job-status">{status}</span>
            <span className={styles.title} dir="auto">
              {truncate(job.prompt, maxPromptLength)}
            </span>
          </Link>
          {errorText !== null && (
            <p role="alert" className={styles.error} data-testid="job-error">
              {errorText}
            </p>
          )}
          {cost && errorText === null && <p id={id}>{t(cost)}</p>}
        </div>
        <RecoveryButton job={job} recovery="retry" onEdit={onReuse} kind="plain" className={styles.retry} describedBy={cost ? id : undefined} />
        <DeleteJob job={job} compact />
      </div>
    </article>
  );
});
