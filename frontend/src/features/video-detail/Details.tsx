// The job's prompt, actions, settings and attempts. Invariant: the prompt is shown in full, exactly as submitted.
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { TriangleAlert } from "lucide-react";
import { Link } from "wouter";
import { videos } from "@/lib/api/endpoints";
import { imageUrl } from "@/lib/api/urls";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { hasEarlierCharge, rejectionReason } from "@/lib/jobs/failure";
import { useStatusText } from "@/lib/jobs/useStatusText";
import { useModelTitle } from "@/lib/models";
import { Attempts } from "./Attempts";
import { JobActions } from "./JobActions";
import styles from "./Details.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onDelete: () => void;
}

export function Details({ job, onReuse, onDelete }: Props) {
  const { t } = useTranslation();
  const reason = rejectionReason(job);
  return (
    <aside className={styles.details}>
      <section>
        <h1 className={styles.heading}>{t("videoDetail.prompt")}</h1>
        <p className={styles.prompt} dir="auto" data-testid="video-detail-prompt">
          {job.prompt}
        </p>
      </section>
      <JobActions job={job} onReuse={onReuse} onDelete={onDelete} />
      {reason !== null && (
        <section>
          <h2 className={styles.heading}>{t("videoDetail.reason")}</h2>
          <blockquote className={styles.reason} dir="auto" translate="no" data-testid="video-detail-reason">
            {reason}
          </blockquote>
        </section>
      )}
      {hasEarlierCharge(job) && (
        <p className={styles.earlierCharge} data-testid="video-detail-earlier-charge">
          <TriangleAlert size={16} aria-hidden /> {t("failure.earlierCharge")}
        </p>
      )}
      {job.referenceImageId !== null && (
        <section>
          <h2 className={styles.heading}>{t("videoDetail.referenceImage")}</h2>
          <img className={styles.image} src={imageUrl(job.referenceImageId)} alt={t("composer.image.alt")} />
        </section>
      )}
      <Settings job={job} />
      <Attempts job={job} />
    </aside>
  );
}

function Settings({ job }: { job: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  const status = useStatusText(job);
  const size = useFileSize(job.videoId);
  const titleOf = useModelTitle();
  const durationMs = job.startedAt !== null && job.finishedAt !== null ? Date.parse(job.finishedAt) - Date.parse(job.startedAt) : null;
  return (
    <section>
      <h2 className={styles.heading}>{t("videoDetail.settings")}</h2>
      <dl className={styles.list}>
        <Row name={t("videoDetail.status")}>{status}</Row>
        <Row name={t("videoDetail.orientation")}>{t(job.orientation === "portrait" ? "composer.portrait" : "composer.landscape")}</Row>
        <Row name={t("videoDetail.resolution")}>{job.size.replace("x", " × ")}</Row>
        <Row name={t("videoDetail.seconds")}>{t("composer.secondsValue", { value: format.number(job.seconds) })}</Row>
        <Row name={t("videoDetail.model")}>{titleOf(job.model)}</Row>
        <Row name={t("videoDetail.created")}>{format.dateTime(job.createdAt)}</Row>
        {job.finishedAt !== null && <Row name={t("videoDetail.finished")}>{format.dateTime(job.finishedAt)}</Row>}
        {durationMs !== null && <Row name={t("videoDetail.duration")}>{format.duration(durationMs)}</Row>}
        {job.retries > 0 && <Row name={t("videoDetail.retries")}>{format.number(job.retries)}</Row>}
        {job.resubmits > 0 && <Row name={t("videoDetail.resubmissions")}>{format.number(job.resubmits)}</Row>}
        {job.remixOf !== null && (
          <Row name={t("videoDetail.remixOf")}>
            <Link href={`/videos/${job.remixOf}`} className={styles.link}>
              {t("videoDetail.originalVideo")}
            </Link>
          </Row>
        )}
        {size !== null && <Row name={t("videoDetail.fileSize")}>{format.bytes(size)}</Row>}
      </dl>
    </section>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.row}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function useFileSize(videoId: string | null): number | null {
  const [size, setSize] = useState<number | null>(null);
  useEffect(() => {
    if (videoId === null) return;
    let stopped = false;
    videos.video(videoId).then(
      (video) => !stopped && setSize(video.size),
      () => undefined,
    );
    return () => {
      stopped = true;
    };
  }, [videoId]);
  return size;
}
