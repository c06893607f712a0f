// Positions and renders the cards. Invariant: a card's position depends on the whole list, not on which cards are rendered, and the focused
// card is never unmounted.
import { useCallback, useMemo, useState, type RefCallback } from "react";
import type { Job } from "@/lib/api/types";
import type { OptimisticJob } from "@/lib/jobs/store";
import { useRestoreFocus } from "@/lib/useRestoreFocus";
import { CancelledRow } from "./CancelledRow";
import { JobCard } from "./JobCard";
import { OptimisticCard } from "./OptimisticCard";
import { computeLayout, type Box, type Shape } from "./layout";
import { useIsSelecting } from "./selection";
import { useVisibleRange, type VisibleRange } from "./useVisibleRange";
import styles from "./Gallery.module.css";

interface Props {
  jobs: readonly Job[];
  optimisticJobs: readonly OptimisticJob[];
  onReuse: (job: Job) => void;
  onSelect: (id: string, range: boolean) => void;
}

const captionHeight = 48;
const rowHeight = 48;

const shapeOf = (job: Job): Shape => (job.status === "cancelled" ? "collapsed" : job.orientation === "portrait" ? "portrait" : "landscape");

export function GalleryGrid({ jobs, optimisticJobs, onReuse, onSelect }: Props) {
  const [width, measureRef] = useWidth();
  const visibleRange = useVisibleRange();
  const selecting = useIsSelecting();
  const shapes = [...optimisticJobs.map((one): Shape => (one.orientation === "portrait" ? "portrait" : "landscape")), ...jobs.map(shapeOf)];
  const { boxes, height } = useLayout(shapes, width);
  const [focusedJobId, setFocusedJobId] = useState<string | null>(null);
  const focusHandlers = useRestoreFocus(locateCard, findReplacement);

  const isRendered = (index: number, id: string) => id === focusedJobId || (boxes[index] !== undefined && isInRange(boxes[index], visibleRange));
  const positionStyle = (index: number) => {
    const box = boxes[index];
    return box ? { transform: `translate(${box.left}px, ${box.top}px)`, width: box.width, "--media-height": `${box.height}px` } : {};
  };
  const rendered = jobs.map((job, at) => ({ job, index: optimisticJobs.length + at })).filter(({ job, index }) => isRendered(index, job.id));
  const total = optimisticJobs.length + jobs.length;
  return (
    <ul
      ref={measureRef}
      className={styles.list}
      style={{ height }}
      data-testid="gallery"
      data-selecting={selecting}
      onFocus={(event) => {
        focusHandlers.onFocus(event);
        setFocusedJobId(event.target.closest("li")?.dataset.jobId ?? null);
      }}
      onBlur={() => {
        focusHandlers.onBlur();
        setFocusedJobId(null);
      }}
    >
      {optimisticJobs.map((one, index) => (
        <li key={one.key} className={styles.cell} style={positionStyle(index)} aria-setsize={total} aria-posinset={index + 1}>
          <OptimisticCard job={one} />
        </li>
      ))}
      {rendered.map(({ job, index }) => {
        const Card = job.status === "cancelled" ? CancelledRow : JobCard;
        return (
          <li
            key={job.id}
            className={styles.cell}
            style={positionStyle(index)}
            aria-setsize={total}
            aria-posinset={index + 1}
            data-testid="job-card"
            data-index={index}
            data-job-id={job.id}
            data-status={job.status}
            data-phase={job.phase ?? ""}
          >
            <Card job={job} onReuse={onReuse} onSelect={onSelect} />
          </li>
        );
      })}
    </ul>
  );
}

const isInRange = (box: Box, { top, bottom }: VisibleRange): boolean => box.top < bottom && box.top + box.height + captionHeight > top;

/** Recomputed only when a shape or the width changes, not with progress. */
function useLayout(shapes: readonly Shape[], width: number): ReturnType<typeof computeLayout> {
  const key = shapes.join();
  return useMemo(
    () => computeLayout(key === "" ? [] : (key.split(",") as Shape[]), { width, gap: width < 560 ? 12 : 16, captionHeight: captionHeight, collapsedHeight: rowHeight }),
    [key, width],
  );
}

interface CardLocation {
  card: HTMLElement | null;
  list: Element | null;
  index: number;
}

function locateCard(element: Element): CardLocation {
  const card = element.closest<HTMLElement>("li");
  return { card, list: card?.parentElement ?? null, index: Number(card?.dataset.index) };
}

/**
 * Returns the link of the same card in its new state, or of the card that took its place. Never a button, which a second Enter would press.
 */
function findReplacement({ card, list, index }: CardLocation): HTMLElement | null | undefined {
  const target = card?.isConnected ? card : (list?.querySelector(`[data-index="${index}"]`) ?? list?.lastElementChild);
  return target?.querySelector("a");
}

/** The last known width, so that a remounted gallery has its height, and with it its scroll position, at once. */
let lastWidth = 0;

function useWidth(): [number, RefCallback<HTMLElement>] {
  const [width, setWidth] = useState(lastWidth);
  const measureRef = useCallback((element: HTMLElement) => {
    const measure = () => {
      lastWidth = element.clientWidth;
      setWidth(lastWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, measureRef];
}
