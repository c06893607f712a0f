// One job on the wall. Invariant: prompts and reasons are data, shown as text whatever they hold.
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { CircleSlash, RectangleHorizontal, RectangleVertical } from "lucide-react";
import { CancelButton } from "@/components/jobs/CancelButton";
import { DeleteJob } from "@/components/jobs/DeleteJob";
import { Exposure, LineOfLight } from "@/components/ui/Exposure";
import type { Job } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useForeseen, useRefusal } from "@/lib/jobs/useActing";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { hasKnownProgress } from "@/lib/jobs/words";
import { isActive } from "@/lib/live/reducer";
import { shorten } from "@/lib/text";
import { useRoughNow } from "@/lib/useNow";
import { CardVideo } from "./CardVideo";
import { FailureNote } from "./FailureNote";
import styles from "./JobCard.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
}

/** As much of a prompt as two lines can show, in characters; the whole of it is on the screen. */
const shownLength = 200;

export function JobCard({ job: known, onReuse }: Props) {
  const { t } = useTranslation();
  const job = useForeseen(known);
  const card = useRef<HTMLElement>(null);
  const words = useJobPhrase(job);
  if (job.status === "failed") return <FailedCard job={job} words={words} onReuse={onReuse} />;
  const active = isActive(job);
  const shown = shorten(job.prompt, shownLength);
  const openLabel = t("wall.open", { prompt: shown });
  return (
    <article ref={card} className={styles.card}>
      <Exposure id={job.id} developed={active ? job.progress / 100 : 1} className={styles.picture}>
        {job.videoId !== null && !active && <CardVideo videoId={job.videoId} card={card} />}
        <Link href={`/videos/${job.id}`} className={styles.cover} aria-label={active ? undefined : openLabel} data-testid="job-link">
          {active && (
            <span className={styles.prompt} dir="auto">
              {shown}
            </span>
          )}
        </Link>
        {active && <LineOfLight key={job.retries} progress={job.progress} known={hasKnownProgress(job)} words={words} />}
        <Refusal job={job} />
      </Exposure>
      <Caption job={job} words={words} />
    </article>
  );
}

function Caption({ job, words }: { job: Job; words: string }) {
  const active = isActive(job);
  return (
    <div className={styles.caption}>
      <div className={styles.about}>
        <p className={active ? styles.words : styles.title} dir={active ? undefined : "auto"} data-testid={active ? "job-words" : undefined}>
          {active ? words : shorten(job.prompt, shownLength)}
        </p>
        <Meta job={job} />
      </div>
      {active ? <CancelButton job={job} compact /> : <DeleteJob job={job} compact className={styles.wanted} />}
    </div>
  );
}

function Refusal({ job }: { job: Job }) {
  const refusal = useRefusal(job);
  if (refusal === null) return null;
  return (
    <p role="alert" className={styles.refusal} data-testid="job-refusal">
      {refusal}
    </p>
  );
}

function Meta({ job }: { job: Job }) {
  const { t } = useTranslation();
  const { ago, number } = useFormat();
  const now = useRoughNow();
  const Shape = job.orientation === "portrait" ? RectangleVertical : RectangleHorizontal;
  return (
    <p className={styles.meta}>
      <Shape size={13} aria-hidden />
      <span>{t("composer.secondsValue", { value: number(job.seconds) })}</span>
      <time dateTime={job.createdAt}>{ago(job.createdAt, now)}</time>
    </p>
  );
}

function FailedCard({ job, words, onReuse }: Props & { words: string }) {
  return (
    <article className={styles.card}>
      <Exposure id={job.id} developed={0} faded className={[styles.picture, styles.failed].join(" ")}>
        <FailureNote job={job} onReuse={onReuse} />
      </Exposure>
      <div className={styles.caption}>
        <div className={styles.about}>
          <Link href={`/videos/${job.id}`} className={styles.title} dir="auto" data-testid="job-link">
            {shorten(job.prompt, shownLength)}
          </Link>
          <p className={styles.meta}>
            <CircleSlash size={13} aria-hidden className={styles.danger} />
            <span data-testid="job-words">{words}</span>
          </p>
        </div>
        <DeleteJob job={job} compact className={styles.wanted} />
      </div>
    </article>
  );
}
