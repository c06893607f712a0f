// Explains why a job failed. Invariant: always states whether it may have been charged.
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { RecoveryButton } from "@/components/jobs/RecoveryButton";
import type { Job } from "@/lib/api/types";
import { chargeKey, recoveryCostKey, recoveryFor } from "@/lib/jobs/failure";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { useActionErrorText } from "@/lib/jobs/useJobActions";
import styles from "./FailureDetails.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
}

export function FailureDetails({ job, onReuse }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const failureText = useFailureText();
  const errorText = useActionErrorText(job);
  const cost = recoveryCostKey(job);
  return (
    <div className={styles.details} data-testid="job-failure">
      <p className={styles.message}>{failureText(job)}</p>
      <p id={id} className={styles.charge}>
        <span data-charged={job.mayHaveBeenCharged}>{t(chargeKey(job))}</span> {cost && t(cost)}
      </p>
      {errorText !== null && (
        <p role="alert" className={styles.error} data-testid="job-error">
          {errorText}
        </p>
      )}
      <RecoveryButton job={job} recovery={recoveryFor(job) ?? "retry"} onEdit={onReuse} className={styles.action} describedBy={id} />
    </div>
  );
}
