// The cards in their places. Invariant: a card is placed by its position in the whole list, whether its neighbours are drawn or not;
// the one that holds the focus is never taken away.
import { useCallback, useMemo, useState, type RefCallback } from "react";
import type { Job } from "@/lib/api/types";
import type { Sending } from "@/lib/jobs/store";
import { useKeepFocus } from "@/lib/useKeepFocus";
import { CancelledLine } from "./CancelledLine";
import { JobCard } from "./JobCard";
import { layOut, type Box, type Shape } from "./layout";
import { SendingCard } from "./SendingCard";
import { useIsChoosing } from "./selection";
import { useWindow, type Span } from "./useWindow";
import styles from "./Wall.module.css";

interface Props {
  jobs: readonly Job[];
  sending: readonly Sending[];
  onReuse: (job: Job) => void;
  onChoose: (id: string, range: boolean) => void;
}

const captionHeight = 48;
const lineHeight = 48;

const shapeOf = (job: Job): Shape => (job.status === "cancelled" ? "line" : job.orientation === "portrait" ? "tall" : "wide");

export function WallCards({ jobs, sending, onReuse, onChoose }: Props) {
  const [width, attach] = useWidth();
  const span = useWindow();
  const choosing = useIsChoosing();
  const shapes = [...sending.map((one): Shape => (one.orientation === "portrait" ? "tall" : "wide")), ...jobs.map(shapeOf)];
  const { boxes, height } = useLayout(shapes, width);
  const [focused, setFocused] = useState<string | null>(null);
  const keepFocus = useKeepFocus(placeOf, nearby);

  const isDrawn = (index: number, id: string) => id === focused || (boxes[index] !== undefined && isWithin(boxes[index], span));
  const place = (index: number) => {
    const box = boxes[index];
    return box ? { transform: `translate(${box.left}px, ${box.top}px)`, width: box.width, "--picture": `${box.height}px` } : {};
  };
  const drawn = jobs.map((job, at) => ({ job, index: sending.length + at })).filter(({ job, index }) => isDrawn(index, job.id));
  const total = sending.length + jobs.length;
  return (
    <ul
      ref={attach}
      className={styles.list}
      style={{ height }}
      data-testid="wall"
      data-choosing={choosing}
      onFocus={(event) => {
        keepFocus.onFocus(event);
        setFocused(event.target.closest("li")?.dataset.jobId ?? null);
      }}
      onBlur={() => {
        keepFocus.onBlur();
        setFocused(null);
      }}
    >
      {sending.map((one, index) => (
        <li key={one.key} className={styles.place} style={place(index)} aria-setsize={total} aria-posinset={index + 1}>
          <SendingCard sending={one} />
        </li>
      ))}
      {drawn.map(({ job, index }) => {
        const Card = job.status === "cancelled" ? CancelledLine : JobCard;
        return (
          <li
            key={job.id}
            className={styles.place}
            style={place(index)}
            aria-setsize={total}
            aria-posinset={index + 1}
            data-testid="job-card"
            data-index={index}
            data-job-id={job.id}
            data-status={job.status}
            data-phase={job.phase ?? ""}
          >
            <Card job={job} onReuse={onReuse} onChoose={onChoose} />
          </li>
        );
      })}
    </ul>
  );
}

const isWithin = (box: Box, { top, bottom }: Span): boolean => box.top < bottom && box.top + box.height + captionHeight > top;

/** Laid out anew only when a shape or the width has changed: progress alone moves nothing. */
function useLayout(shapes: readonly Shape[], width: number): ReturnType<typeof layOut> {
  const key = shapes.join();
  return useMemo(
    () => layOut(key === "" ? [] : (key.split(",") as Shape[]), { width, gap: width < 560 ? 12 : 16, caption: captionHeight, line: lineHeight }),
    [key, width],
  );
}

interface Place {
  card: HTMLElement | null;
  list: Element | null;
  index: number;
}

function placeOf(held: Element): Place {
  const card = held.closest<HTMLElement>("li");
  return { card, list: card?.parentElement ?? null, index: Number(card?.dataset.index) };
}

/** The same card in its new state, or else the one that has taken its place; never a button that another Enter would press. */
function nearby({ card, list, index }: Place): HTMLElement | null | undefined {
  const there = card?.isConnected ? card : (list?.querySelector(`[data-index="${index}"]`) ?? list?.lastElementChild);
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
