// The picture itself: the player, or the exposure that will become one. Invariant: the shape is the video's own from the beginning.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Exposure, LineOfLight } from "@/components/ui/Exposure";
import { contentUrl } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { useForeseen } from "@/lib/jobs/useActing";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { chargeKey, failureKey, hasKnownProgress } from "@/lib/jobs/words";
import { isActive } from "@/lib/live/reducer";
import styles from "./Stage.module.css";

export function Stage({ job: known }: { job: Job }) {
  const job = useForeseen(known);
  const words = useJobPhrase(job);
  const active = isActive(job);
  const ended = job.status === "failed" || job.status === "cancelled";
  return (
    <div className={styles.stage} data-shape={job.orientation}>
      <Exposure id={job.id} developed={active ? job.progress / 100 : 1} faded={ended} className={styles.picture}>
        {job.videoId !== null && job.status === "completed" ? (
          <Player key={job.videoId} videoId={job.videoId} />
        ) : (
          <div className={styles.words}>
            <p className={styles.now} role={active ? undefined : "status"} data-testid="job-words">
              {words}
            </p>
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
  return (
    <div data-testid="job-failure">
      {job.status === "failed" && <p>{t(failureKey(job.errorCode))}</p>}
      <p className={styles.charge} data-charged={job.mayHaveBeenCharged}>
        {t(chargeKey(job))}
      </p>
    </div>
  );
}

function Player({ videoId }: { videoId: string }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  if (failed) {
    return (
      <div className={styles.words}>
        <p role="alert">{t("screen.playFailed")}</p>
      </div>
    );
  }
  return (
    <video
      className={styles.video}
      src={contentUrl(videoId)}
      controls
      loop
      playsInline
      preload="metadata"
      aria-label={t("screen.video")}
      data-testid="video-player"
      onError={() => setFailed(true)}
    />
  );
}
