// The wall: every job and video, in rows. Invariant: cards are placed and never taken apart, so that a video keeps playing when
// the wall moves.
import { useCallback, useMemo, useState, type ReactNode, type RefCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { useJobs } from "@/lib/jobs/store";
import { useKeepFocus } from "@/lib/useKeepFocus";
import { Announcer } from "./Announcer";
import { CancelledLine } from "./CancelledLine";
import { JobCard } from "./JobCard";
import { layOut, type Shape } from "./layout";
import { LoadMore } from "./LoadMore";
import { wallOrder } from "./order";
import { SendingCard } from "./SendingCard";
import { useLibrary } from "./useLibrary";
import styles from "./Wall.module.css";

interface Props {
  /** What hangs there while nothing does. */
  empty: ReactNode;
  /** Takes a job's prompt and settings back to the composer. */
  onReuse: (job: Job) => void;
}

const captionHeight = 48;
const lineHeight = 48;
/** With fewer cards everyone sees that this is all. */
const endWorthSaying = 24;

const shapeOf = (job: Job): Shape =>
  job.status === "cancelled" ? "line" : job.orientation === "portrait" ? "tall" : "wide";

export function Wall({ empty, onReuse }: Props) {
  const { t } = useTranslation();
  const jobs = useJobs((state) => state.jobs);
  const sending = useJobs((state) => state.sending);
  const library = useLibrary();
  const [width, list] = useWidth();

  const ordered = useMemo(() => wallOrder(jobs), [jobs]);
  const shapes = [...sending.map((one): Shape => (one.orientation === "portrait" ? "tall" : "wide")), ...ordered.map(shapeOf)];
  const gap = width < 560 ? 12 : 16;
  const { boxes, height } = layOut(shapes, { width, gap, caption: captionHeight, line: lineHeight });
  const place = (index: number) => {
    const box = boxes[index];
    return box ? { transform: `translate(${box.left}px, ${box.top}px)`, width: box.width, "--picture": `${box.height}px` } : {};
  };

  const keepFocus = useKeepFocus(placeOf, nearby);
  const isEmpty = shapes.length === 0;
  return (
    <section aria-label={t("wall.label")} className={styles.wall}>
      <Announcer />
      {isEmpty && library.cursor === null && empty}
      <ul ref={list} className={styles.list} style={{ height }} data-testid="wall" {...keepFocus}>
        {sending.map((one, index) => (
          <li key={one.key} className={styles.place} style={place(index)}>
            <SendingCard sending={one} />
          </li>
        ))}
        {ordered.map((job, index) => (
          <li
            key={job.id}
            className={styles.place}
            style={place(sending.length + index)}
            data-testid="job-card"
            data-job-id={job.id}
            data-status={job.status}
            data-phase={job.phase ?? ""}
          >
            {job.status === "cancelled" ? <CancelledLine job={job} onReuse={onReuse} /> : <JobCard job={job} onReuse={onReuse} />}
          </li>
        ))}
      </ul>
      <LoadMore library={library} quiet={shapes.length < endWorthSaying} />
    </section>
  );
}

interface Place {
  card: Element | null;
  list: Element | null;
  index: number;
}

function placeOf(held: Element): Place {
  const card = held.closest("li");
  const list = card?.parentElement ?? null;
  return { card, list, index: list ? [...list.children].indexOf(card as Element) : 0 };
}

/** The same card in its new state, or else the one that has taken its place; never a button that another Enter would press. */
function nearby({ card, list, index }: Place): HTMLElement | null | undefined {
  const there = card?.isConnected ? card : (list?.children[index] ?? list?.lastElementChild);
  return there?.querySelector("a");
}

/** The last known width: a wall that comes back has its height at once, and with it its scroll position. */
let lastWidth = 0;

function useWidth(): [number, RefCallback<HTMLElement>] {
  const [width, setWidth] = useState(lastWidth);
  const attach = useCallback((element: HTMLElement) => {
    const measure = () => {
      lastWidth = element.clientWidth;
      setWidth(lastWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, attach];
}
