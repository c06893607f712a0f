// The player, or the job's placeholder until there is a video. Invariant: has the video's aspect ratio from the start.
import { useTranslation } from "react-i18next";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { ProgressBar } from "@/components/ui/ProgressBar";
import type { Job } from "@/lib/api/types";
import { chargeKey } from "@/lib/jobs/failure";
import { isActive } from "@/lib/jobs/reducer";
import { hasKnownProgress } from "@/lib/jobs/statusText";
import { useEta } from "@/lib/jobs/useEta";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { useOptimisticCancel } from "@/lib/jobs/useJobActions";
import { useStatusText } from "@/lib/jobs/useStatusText";
import { Player } from "./Player";
import styles from "./VideoPreview.module.css";

export function VideoPreview({ job: known }: { job: Job }) {
  const job = useOptimisticCancel(known);
  const status = useStatusText(job);
  const eta = useEta(job);
  const active = isActive(job);
  const ended = job.status === "failed" || job.status === "cancelled";
  return (
    <div className={styles.preview} data-shape={job.orientation}>
      <JobPlaceholder id={job.id} intensity={active ? job.progress / 100 : 1} muted={ended} className={styles.media}>
        {job.videoId !== null && job.status === "completed" ? (
          <Player key={job.videoId} videoId={job.videoId} hasPoster={job.hasPoster} />
        ) : (
          <div className={styles.message}>
            <p className={styles.status} role={active ? undefined : "status"} data-testid="job-status">
              {status}
            </p>
            {eta !== null && <p className={styles.charge}>{eta}</p>}
            {ended && <EndMessage job={job} />}
          </div>
        )}
        {active && <ProgressBar key={job.retries} progress={job.progress} known={hasKnownProgress(job)} label={status} />}
      </JobPlaceholder>
    </div>
  );
}

function EndMessage({ job }: { job: Job }) {
  const { t } = useTranslation();
  const failureText = useFailureText();
  return (
    <div data-testid="job-failure">
      {job.status === "failed" && <p>{failureText(job)}</p>}
      <p className={styles.charge} data-charged={job.mayHaveBeenCharged}>
        {t(chargeKey(job))}
      </p>
    </div>
  );
}
