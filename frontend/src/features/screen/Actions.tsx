// What can be done with a job. Invariant: what stands first is the next thing to do, and what is lost for good stands last.
import { useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Download, Sparkles } from "lucide-react";
import { CancelButton } from "@/components/jobs/CancelButton";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { HelpButton } from "@/components/jobs/HelpButton";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { downloadUrl } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { useForeseen, useRefusal } from "@/lib/jobs/useActing";
import { costKey, helpFor } from "@/lib/jobs/failure";
import { isActive } from "@/lib/live/reducer";
import { useKeepFocus } from "@/lib/useKeepFocus";
import buttons from "@/components/ui/Button.module.css";
import { ShareVideo } from "./ShareVideo";
import styles from "./Actions.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onDelete: () => void;
}

export function Actions({ job: known, onReuse, onDelete }: Props) {
  const { t } = useTranslation();
  const job = useForeseen(known);
  const id = useId();
  const row = useRef<HTMLDivElement>(null);
  const refusal = useRefusal(job);
  const help = helpFor(job);
  const cost = costKey(job);
  const keepFocus = useKeepFocus(
    () => null,
    // Not the button that comes instead: another Enter would press it.
    () => row.current,
  );
  return (
    <section className={styles.section}>
      <div ref={row} tabIndex={-1} className={styles.actions} {...keepFocus}>
        {job.videoId !== null && (
          <a className={[buttons.button, buttons.accent].join(" ")} href={downloadUrl(job.videoId)} download data-testid="download">
            <Download size={18} aria-hidden /> {t("screen.download")}
          </a>
        )}
        {isActive(job) && <CancelButton job={job} />}
        {help && (
          <div className={styles.help} data-costs={cost !== null}>
            <HelpButton job={job} help={help} kind="accent" onEdit={onReuse} describedBy={cost ? `${id}-cost` : undefined} />
            {cost && (
              <p id={`${id}-cost`} className={styles.cost}>
                {t(cost)}
              </p>
            )}
          </div>
        )}
        {help !== "edit" && (
          <Button onClick={() => onReuse(job)} data-testid="job-remix">
            <Sparkles size={16} aria-hidden /> {t(job.status === "completed" ? "wall.remix" : "wall.usePrompt")}
          </Button>
        )}
        {job.videoId !== null && <ShareVideo videoId={job.videoId} />}
        <CopyButton text={job.prompt} label={t("screen.copyPrompt")} />
        {!isActive(job) && <DeleteJob job={job} onDelete={onDelete} />}
      </div>
      {refusal !== null && (
        <p role="alert" className={styles.refusal} data-testid="job-refusal">
          {refusal}
        </p>
      )}
    </section>
  );
}
