// One job on the wall. Invariant: prompts and reasons are data, shown as text whatever they hold.
import { memo, useRef, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Exposure, LineOfLight } from "@/components/ui/Exposure";
import type { Job } from "@/lib/api/types";
import { useForeseen, useRefusal } from "@/lib/jobs/useActing";
import { useJobPhrase } from "@/lib/jobs/usePhrase";
import { hasKnownProgress } from "@/lib/jobs/words";
import { isActive } from "@/lib/live/reducer";
import { shorten } from "@/lib/text";
import { CardVideo } from "./CardVideo";
import { ActiveCaption, EndedCaption, FailedCaption } from "./Captions";
import { FailureNote } from "./FailureNote";
import { Pick, usePickByPress, type OnChoose } from "./Pick";
import styles from "./JobCard.module.css";

interface Props {
  job: Job;
  onReuse: (job: Job) => void;
  onChoose: OnChoose;
}

/** As much of a prompt as two lines can show, in characters; the whole of it is on the screen. */
export const shownLength = 200;

export const JobCard = memo(function JobCard({ job: known, onReuse, onChoose }: Props) {
  const job = useForeseen(known);
  const card = useRef<HTMLElement>(null);
  const words = useJobPhrase(job);
  const active = isActive(job);
  return (
    <article ref={card} className={styles.card}>
      {!active && <Pick job={job} onChoose={onChoose} />}
      {job.status === "failed" ? (
        <Exposure id={job.id} developed={0} faded className={[styles.picture, styles.failed].join(" ")}>
          <FailureNote job={job} onReuse={onReuse} />
        </Exposure>
      ) : (
        <Picture job={job} words={words} card={card} onChoose={onChoose} />
      )}
      {active && <ActiveCaption job={job} words={words} />}
      {job.status === "failed" && <FailedCaption job={job} words={words} />}
      {job.status === "completed" && <EndedCaption job={job} onReuse={onReuse} />}
    </article>
  );
});

interface PictureProps {
  job: Job;
  words: string;
  card: RefObject<HTMLElement | null>;
  onChoose: OnChoose;
}

function Picture({ job, words, card, onChoose }: PictureProps) {
  const { t } = useTranslation();
  const active = isActive(job);
  const shown = shorten(job.prompt, shownLength);
  const press = usePickByPress(job.id, onChoose);
  return (
    <Exposure id={job.id} developed={active ? job.progress / 100 : 1} className={styles.picture}>
      {job.videoId !== null && !active && <CardVideo videoId={job.videoId} hasPoster={job.hasPoster} card={card} />}
      <Link
        href={`/videos/${job.id}`}
        className={styles.cover}
        aria-label={active ? undefined : t("wall.open", { prompt: shown })}
        data-testid="job-link"
        {...(!active && press)}
      >
        {active && (
          <span className={styles.prompt} dir="auto">
            {shown}
          </span>
        )}
      </Link>
      {active && <LineOfLight key={job.retries} progress={job.progress} known={hasKnownProgress(job)} words={words} />}
      <Refusal job={job} />
    </Exposure>
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
