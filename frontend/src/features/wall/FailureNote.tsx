// What happened to a failed job. Invariant: always says whether it may have been charged, and never sends anything by itself.
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { HelpButton } from "@/components/jobs/HelpButton";
import type { Job } from "@/lib/api/types";
import { useRefusal } from "@/lib/jobs/useActing";
import { chargeKey, costKey, helpFor } from "@/lib/jobs/failure";
import { useFailureText } from "@/lib/jobs/useFailureText";
import styles from "./FailureNote.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
}

export function FailureNote({ job, onReuse }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const failureText = useFailureText();
  const refusal = useRefusal(job);
  const cost = costKey(job);
  return (
    <div className={styles.note} data-testid="job-failure">
      <p className={styles.what}>{failureText(job)}</p>
      <p id={id} className={styles.charge}>
        <span data-charged={job.mayHaveBeenCharged}>{t(chargeKey(job))}</span> {cost && t(cost)}
      </p>
      {refusal !== null && (
        <p role="alert" className={styles.refusal} data-testid="job-refusal">
          {refusal}
        </p>
      )}
      <HelpButton job={job} help={helpFor(job) ?? "retry"} onEdit={onReuse} className={styles.action} describedBy={id} />
    </div>
  );
}
