// The detail view of one job or video. Invariant: reads the same store as the gallery, so that both always agree.
import { useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ArrowLeft } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { EmptyState } from "@/components/ui/EmptyState";
import { Tooltip } from "@/components/ui/Tooltip";
import { videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { useJob, useJobs } from "@/lib/jobs/store";
import { Details } from "./Details";
import { VideoPreview } from "./VideoPreview";
import styles from "./VideoDetail.module.css";

interface Props {
  jobId: string;
  onBack: () => void;
  onReuse: (job: Job) => void;
}

export function VideoDetail({ jobId, onBack, onReuse }: Props) {
  const { t } = useTranslation();
  const job = useJob(jobId);
  const gone = useJobs((state) => jobId in state.gone);
  const { failure, retry } = useFetchJob(jobId, job !== undefined || gone);
  const [deleting, setDeleting] = useState(false);
  const shouldLeave = deleting && gone;

  useEffect(() => {
    if (shouldLeave) onBack();
  }, [shouldLeave, onBack]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && document.fullscreenElement === null) onBack();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [onBack]);

  return (
    <div className={styles.page}>
      <Tooltip text={t("videoDetail.backHint")}>
        <Button className={styles.back} onClick={onBack} data-testid="video-detail-back">
          <ArrowLeft size={18} aria-hidden /> {t("videoDetail.back")}
        </Button>
      </Tooltip>
      {job ? (
        <div className={styles.layout} data-testid="video-detail" data-job-id={job.id} data-status={job.status} data-shape={job.orientation}>
          <VideoPreview job={job} />
          <Details key={job.id} job={job} onReuse={onReuse} onDelete={() => setDeleting(true)} />
        </div>
      ) : (
        !shouldLeave && <Unavailable failure={gone ? "missing" : failure} onRetry={retry} />
      )}
    </div>
  );
}

function Unavailable({ failure, onRetry }: { failure: Failure | null; onRetry: () => void }) {
  const { t } = useTranslation();
  if (failure === null) return <EmptyState text={t("app.loading")} />;
  if (failure === "missing") return <EmptyState text={t("videoDetail.notFound")} />;
  return (
    <EmptyState text={t("videoDetail.loadFailed")}>
      <Button onClick={onRetry}>{t("app.tryAgain")}</Button>
    </EmptyState>
  );
}

type Failure = "missing" | "failed";

/** Fetches a job that is not in the store, such as one opened by its URL. */
function useFetchJob(jobId: string, known: boolean): { failure: Failure | null; retry: () => void } {
  const { error, isFetching, refetch } = useQuery({
    queryKey: ["job", jobId],
    queryFn: async ({ signal }) => {
      const job = await videos.job(jobId, signal);
      signal.throwIfAborted();
      useJobs.getState().apply({ type: "jobs", jobs: [job] });
      return job;
    },
    enabled: !known,
    gcTime: 0,
  });
  const failure = error === null || isFetching ? null : error.status === 404 ? "missing" : "failed";
  return { failure, retry: () => void refetch() };
}
