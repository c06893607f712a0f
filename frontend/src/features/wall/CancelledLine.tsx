// A cancelled job, folded to a line. Invariant: what trying again may cost stands beside the button.
import { memo, useId } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { CircleSlash } from "lucide-react";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { HelpButton } from "@/components/jobs/HelpButton";
import type { Job } from "@/lib/api/types";
import { useRefusal } from "@/lib/jobs/useActing";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { costKey } from "@/lib/jobs/failure";
import { shorten } from "@/lib/text";
import { Pick, usePickByPress, type OnChoose } from "./Pick";
import styles from "./CancelledLine.module.css";

/** As much of a prompt as the widest line can show, in characters. */
const shownLength = 300;

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onChoose: OnChoose;
}

export const CancelledLine = memo(function CancelledLine({ job, onReuse, onChoose }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const words = useJobPhrase(job);
  const refusal = useRefusal(job);
  const cost = costKey(job);
  const press = usePickByPress(job.id, onChoose);
  return (
    <article className={styles.frame}>
      <div className={styles.line}>
        <Pick job={job} onChoose={onChoose} />
        <div className={styles.about} data-noted={refusal !== null || cost !== null}>
          <Link href={`/videos/${job.id}`} className={styles.link} data-testid="job-link" {...press}>
            <CircleSlash size={14} aria-hidden />
            <span data-testid="job-words">{words}</span>
            <span className={styles.title} dir="auto">
              {shorten(job.prompt, shownLength)}
            </span>
          </Link>
          {refusal !== null && (
            <p role="alert" className={styles.refusal} data-testid="job-refusal">
              {refusal}
            </p>
          )}
          {cost && refusal === null && <p id={id}>{t(cost)}</p>}
        </div>
        <HelpButton job={job} help="retry" onEdit={onReuse} kind="plain" className={styles.again} describedBy={cost ? id : undefined} />
        <DeleteJob job={job} compact />
      </div>
    </article>
  );
});
