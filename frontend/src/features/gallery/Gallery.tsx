// The wall: every job and video, in rows. Invariant: only what is near the screen is drawn, and the wall has its full height always.
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { isFiltering, matches, useFilter } from "@/lib/jobs/filter";
import { useJobs } from "@/lib/jobs/store";
import { isActive } from "@/lib/jobs/reducer";
import { Filters } from "./Filters";
import { LoadMore } from "./LoadMore";
import { NoResults } from "./NoResults";
import { sortForGallery, withoutUnloaded } from "./sortOrder";
import { rangeBetween, useIsSelecting, useSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { useJobList } from "./useJobList";
import { GalleryGrid } from "./GalleryGrid";
import styles from "./Gallery.module.css";

interface Props {
  /** What hangs there while nothing does. */
  empty: ReactNode;
  /** Takes a job's prompt and settings back to the composer. */
  onReuse: (job: Job) => void;
}

/** With fewer cards everyone sees that this is all. */
const minCountForEndMessage = 24;

export function Gallery({ empty, onReuse }: Props) {
  const { t } = useTranslation();
  const jobs = useJobs((state) => state.jobs);
  const optimisticJobs = useJobs((state) => state.optimisticJobs);
  const q = useFilter((state) => state.q);
  const status = useFilter((state) => state.status);
  const list = useJobList();
  const filtering = isFiltering({ q, status });
  const { oldestLoaded, cursor } = list;

  const ordered = useMemo(() => {
    const all = [...jobs.values()];
    if (filtering) return sortForGallery(all.filter((job) => matches(job, { q, status })));
    return sortForGallery(cursor === null ? all : withoutUnloaded(all, oldestLoaded));
  }, [jobs, filtering, q, status, cursor, oldestLoaded]);
  const onSelect = useSelectHandler(ordered);
  const selecting = useIsSelecting();

  const visibleOptimisticJobs = filtering ? [] : optimisticJobs;
  const count = visibleOptimisticJobs.length + ordered.length;
  const isEmpty = count === 0 && cursor === null;
  return (
    <section aria-label={t("gallery.label")} className={styles.gallery}>
      {(count > 0 || filtering) && <Filters count={ordered.length} complete={cursor === null} />}
      {isEmpty && (filtering ? <NoResults /> : empty)}
      <GalleryGrid jobs={ordered} optimisticJobs={visibleOptimisticJobs} onReuse={onReuse} onSelect={onSelect} />
      {/* Not the same element: it would jump from the top of the empty wall to the end of the full one. */}
      <LoadMore key={count > 0 ? "end" : "begin"} list={list} hideEnd={count < minCountForEndMessage} />
      {selecting && <SelectionBar selectableIds={selectableIds(ordered)} />}
    </section>
  );
}

/** What has ended can be chosen. */
const selectableIds = (jobs: readonly Job[]): string[] => jobs.filter((job) => !isActive(job)).map((job) => job.id);

/** Choosing a card, or with Shift all cards from the last chosen one on; stays the same function while jobs change. */
function useSelectHandler(ordered: readonly Job[]): (id: string, range: boolean) => void {
  const latest = useRef(ordered);
  useEffect(() => {
    latest.current = ordered;
  }, [ordered]);
  return useCallback((id: string, range: boolean) => {
    const { anchor, toggle, add } = useSelection.getState();
    if (range && anchor !== null) add(rangeBetween(selectableIds(latest.current), anchor, id));
    else toggle(id);
  }, []);
}
