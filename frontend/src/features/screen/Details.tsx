// What was asked for, and what can be done with it. Invariant: the prompt is shown whole and exactly as it was sent.
import { useEffect, useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { TriangleAlert } from "lucide-react";
import { Link } from "wouter";
import { imageUrl, videos } from "@/lib/api/endpoints";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { hasCostlyPast, quoteOf } from "@/lib/jobs/failure";
import { Actions } from "./Actions";
import { Attempts } from "./Attempts";
import styles from "./Details.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onDelete: () => void;
}

export function Details({ job, onReuse, onDelete }: Props) {
  const { t } = useTranslation();
  const quote = quoteOf(job);
  return (
    <aside className={styles.details}>
      <section>
        <h1 className={styles.heading}>{t("screen.prompt")}</h1>
        <p className={styles.prompt} dir="auto" data-testid="screen-prompt">
          {job.prompt}
        </p>
      </section>
      <Actions job={job} onReuse={onReuse} onDelete={onDelete} />
      {quote !== null && (
        <section>
          <h2 className={styles.heading}>{t("screen.reason")}</h2>
          <blockquote className={styles.quote} dir="auto" translate="no" data-testid="screen-reason">
            {quote}
          </blockquote>
        </section>
      )}
      {hasCostlyPast(job) && (
        <p className={styles.charged} data-testid="screen-charged">
          <TriangleAlert size={16} aria-hidden /> {t("failure.earlier")}
        </p>
      )}
      {job.referenceImageId !== null && (
        <section>
          <h2 className={styles.heading}>{t("screen.image")}</h2>
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
  const words = useJobPhrase(job);
  const size = useSize(job.videoId);
  const took = job.startedAt !== null && job.finishedAt !== null ? Date.parse(job.finishedAt) - Date.parse(job.startedAt) : null;
  return (
    <section>
      <h2 className={styles.heading}>{t("screen.settings")}</h2>
      <dl className={styles.list}>
        <Row name={t("screen.status")}>{words}</Row>
        <Row name={t("screen.shape")}>{t(job.orientation === "portrait" ? "composer.portrait" : "composer.landscape")}</Row>
        <Row name={t("screen.resolution")}>{job.size.replace("x", " × ")}</Row>
        <Row name={t("screen.length")}>{t("composer.secondsValue", { value: format.number(job.seconds) })}</Row>
        <Row name={t("screen.model")}>{job.model}</Row>
        <Row name={t("screen.created")}>{format.dateTime(job.createdAt)}</Row>
        {job.finishedAt !== null && <Row name={t("screen.finished")}>{format.dateTime(job.finishedAt)}</Row>}
        {took !== null && <Row name={t("screen.took")}>{format.duration(took)}</Row>}
        {job.retries > 0 && <Row name={t("screen.retries")}>{format.number(job.retries)}</Row>}
        {job.resubmits > 0 && <Row name={t("screen.resubmits")}>{format.number(job.resubmits)}</Row>}
        {job.remixOf !== null && (
          <Row name={t("screen.remixOf")}>
            <Link href={`/videos/${job.remixOf}`} className={styles.link}>
              {t("screen.original")}
            </Link>
          </Row>
        )}
        {size !== null && <Row name={t("screen.size")}>{format.bytes(size)}</Row>}
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

function useSize(videoId: string | null): number | null {
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
