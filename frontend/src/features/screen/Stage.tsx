// The picture itself: the player, or the exposure that will become one. Invariant: the shape is the video's own from the beginning.
import { useTranslation } from "react-i18next";
import { Exposure, LineOfLight } from "@/components/ui/Exposure";
import type { Job } from "@/lib/api/types";
import { useForeseen } from "@/lib/jobs/useActing";
import { useEta } from "@/lib/jobs/useEta";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { chargeKey } from "@/lib/jobs/failure";
import { useFailureText } from "@/lib/jobs/useFailureText";
import { hasKnownProgress } from "@/lib/jobs/words";
import { isActive } from "@/lib/live/reducer";
import { Player } from "./Player";
import styles from "./Stage.module.css";

export function Stage({ job: known }: { job: Job }) {
  const job = useForeseen(known);
  const words = useJobPhrase(job);
  const eta = useEta(job);
  const active = isActive(job);
  const ended = job.status === "failed" || job.status === "cancelled";
  return (
    <div className={styles.stage} data-shape={job.orientation}>
      <Exposure id={job.id} developed={active ? job.progress / 100 : 1} faded={ended} className={styles.picture}>
        {job.videoId !== null && job.status === "completed" ? (
          <Player key={job.videoId} videoId={job.videoId} hasPoster={job.hasPoster} />
        ) : (
          <div className={styles.words}>
            <p className={styles.now} role={active ? undefined : "status"} data-testid="job-words">
              {words}
            </p>
            {eta !== null && <p className={styles.charge}>{eta}</p>}
            {ended && <EndWords job={job} />}
          </div>
        )}
        {active && <LineOfLight key={job.retries} progress={job.progress} known={hasKnownProgress(job)} words={words} />}
      </Exposure>
    </div>
  );
}

function EndWords({ job }: { job: Job }) {
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
