// The actions of a job. The suggested one comes first, deleting last.
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Download, Sparkles } from "lucide-react";
import { CancelButton } from "@/components/jobs/CancelButton";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { RecoveryButton } from "@/components/jobs/RecoveryButton";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { downloadUrl } from "@/lib/api/urls";
import type { Job } from "@/lib/api/types";
import { recoveryCostKey, recoveryFor } from "@/lib/jobs/failure";
import { isActive } from "@/lib/jobs/reducer";
import { useActionErrorText, useOptimisticCancel } from "@/lib/jobs/useJobActions";
import { useRestoreFocus } from "@/lib/useRestoreFocus";
import buttons from "@/components/ui/Button.module.css";
import { ShareVideo } from "./ShareVideo";
import styles from "./JobActions.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onDelete: () => void;
}

export function JobActions({ job: known, onReuse, onDelete }: Props) {
  const { t } = useTranslation();
  const job = useOptimisticCancel(known);
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const errorText = useActionErrorText(job);
  const recovery = recoveryFor(job);
  const cost = recoveryCostKey(job);
  const focusHandlers = useRestoreFocus(
    () => null,
    // Not the button that replaces it: a second Enter would press it.
    () => row.current,
  );
  return (
    <section className={styles.section}>
      <div ref={row} tabIndex={-1} className={styles.actions} {...focusHandlers}>
        {job.videoId !== null && (
          <a className={[buttons.button, buttons.accent].join(" ")} href={downloadUrl(job.videoId)} download data-testid="download">
            <Download size={18} aria-hidden /> {t("videoDetail.download")}
          </a>
        )}
        {isActive(job) && <CancelButton job={job} />}
        {recovery && (
          <div className={styles.recovery} data-with-cost={cost !== null}>
            <RecoveryButton job={job} recovery={recovery} kind="accent" onEdit={onReuse} describedBy={cost ? `${id}-cost` : undefined} />
            {cost && (
              <p id={`${id}-cost`} className={styles.cost}>
                {t(cost)}
              </p>
            )}
          </div>
        )}
        {recovery !== "edit" && (
          <Button onClick={() => onReuse(job)} data-testid="job-remix">
            <Sparkles size={16} aria-hidden /> {t(job.status === "completed" ? "gallery.remix" : "gallery.usePrompt")}
          </Button>
        )}
        {job.videoId !== null && <ShareVideo videoId={job.videoId} />}
        <CopyButton text={job.prompt} label={t("videoDetail.copyPrompt")} />
        {!isActive(job) && <DeleteJob job={job} onDelete={onDelete} />}
      </div>
      {errorText !== null && (
        <p role="alert" className={styles.error} data-testid="job-error">
          {errorText}
        </p>
      )}
    </section>
  );
}
