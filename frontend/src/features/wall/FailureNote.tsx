// What happened to a failed job. Invariant: always says whether it may have been charged, and never sends anything by itself.
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import type { Job } from "@/lib/api/types";
import { chargeKey, failureKey, needsOtherPrompt } from "@/lib/jobs/words";
import styles from "./FailureNote.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
}

export function FailureNote({ job, onReuse }: Props) {
  const { t } = useTranslation();
  return (
    <div className={styles.note} data-testid="job-failure">
      <p className={styles.what}>{t(failureKey(job.errorCode))}</p>
      <p className={styles.charge} data-charged={job.mayHaveBeenCharged}>
        {t(chargeKey(job))}
      </p>
      <Button className={styles.action} onClick={() => onReuse(job)}>
        {t(needsOtherPrompt(job) ? "wall.editPrompt" : "wall.usePrompt")}
      </Button>
    </div>
  );
}
