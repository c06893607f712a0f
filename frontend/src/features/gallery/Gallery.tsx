// The gallery of all jobs and videos. Invariant: only cards near the viewport are rendered, and the gallery always has its full height.
import { useCallback, useEffect, useMemo, useRef, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Job } from "@/lib/api/types";
import { isFiltering, matches, useFilter } from "@/lib/jobs/filter";
import { isActive } from "@/lib/jobs/reducer";
import { useJobs } from "@/lib/jobs/store";
import { Filters } from "./Filters";
import { GalleryGrid } from "./GalleryGrid";
import { LoadMore } from "./LoadMore";
import { NoResults } from "./NoResults";
import { SelectionBar } from "./SelectionBar";
import { rangeBetween, useIsSelecting, useSelection } from "./selection";
import { sortForGallery, withoutUnloaded } from "./sortOrder";
import { useJobList } from "./useJobList";
import styles from "./Gallery.module.css";

interface Props {
  /** Rendered when there are no jobs. */
  empty: ReactNode;
  /** Copies a job's prompt and settings to the composer. */
  onReuse: (job: Job) => void;
}

/** With fewer cards the end is obvious. */
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
      {/* Remounted, so that it does not jump from the top of an empty gallery to the end of a filled one. */}
      <LoadMore key={count > 0 ? "end" : "begin"} list={list} hideEnd={count < minCountForEndMessage} />
      {selecting && <SelectionBar selectableIds={selectableIds(ordered)} />}
    </section>
  );
}

/** Only ended jobs can be selected. */
const selectableIds = (jobs: readonly Job[]): string[] => jobs.filter((job) => !isActive(job)).map((job) => job.id);

/** Selects one card, or with Shift all cards since the last selected one. Referentially stable while jobs change. */
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
